-- Writes the numbered tree as HTML: figures, callouts, tabs, folded code, regions that scroll by themselves.
local together = require 'together'

local M = {}

local OPTIONS = { html_math_method = 'mathml', section_divs = true, wrap_text = 'none' }

function M.write(content)
  if pandoc.utils.type(content) == 'Inlines' then content = { pandoc.Plain(content) } end
  return (pandoc.write(pandoc.Pandoc(content), 'html5', OPTIONS):gsub('%s+$', ''))
end

local function raw(format, ...) return pandoc.RawBlock('html', format:format(...)) end

local function surround(open, blocks, close)
  local out = pandoc.Blocks { raw('%s', open) }
  out:extend(blocks)
  out:insert(raw('%s', close))
  return out
end

local function float(div, names)
  local kind, number, sub = div.attributes.kind, div.attributes.number, div.attributes.sub
  local caption = div.content:remove(1).content[1].content
  local lead = sub or (names[kind] .. '\u{a0}' .. number)
  if not sub and #caption > 0 then lead = lead .. ':' end
  local text = pandoc.Inlines { pandoc.Span(lead, { class = 'label' }), pandoc.Space() }
  text:extend(caption)
  local label = surround('<figcaption>', { pandoc.Plain(text) }, '</figcaption>')
  local out = pandoc.Blocks {}
  out:extend(kind == 'tbl' and label or div.content)
  out:extend(kind == 'tbl' and div.content or label)
  return surround(('<figure id="%s" class="%s">'):format(div.identifier, sub and 'sub' or kind), out, '</figure>')
end

local function callout(div)
  local kind, collapse = div.attributes.kind, div.attributes.collapse
  local title = M.write(div.content:remove(1).content)
  local class = 'callout callout-' .. kind
  if collapse then
    local open = ('<details class="%s"%s><summary>%s</summary>'):format(class, collapse == 'false' and ' open' or '', title)
    return surround(open, div.content, '</details>')
  end
  return surround(('<div class="%s" role="note"><p class="title">%s</p>'):format(class, title), div.content, '</div>')
end

-- Tabs without a script: a group of radio buttons, each followed by its label and its panel.
local function tabset(div, serial)
  local out = pandoc.Blocks {}
  for i, tab in ipairs(div.content) do
    local id = ('tab-%d-%d'):format(serial, i)
    out:insert(raw('<input type="radio" name="tab-%d" id="%s"%s><label for="%s">%s</label>', serial, id,
      i == 1 and ' checked' or '', id, M.write(tab.content:remove(1).content)))
    out:extend(surround('<div class="tab">', tab.content, '</div>'))
  end
  return surround('<fieldset class="tabset"><legend>Tabs</legend>', out, '</fieldset>')
end

-- The blocks ready for `write`. `fold`: cells' code is folded unless the cell says otherwise.
function M.render(blocks, names, fold)
  local serial = 0
  return blocks:walk(together.html):walk {
    Span = function(span)
      if not span.classes:includes('equation') then return nil end
      local number = span.attributes.number
      span.attributes = { { 'tabindex', '0' }, { 'role', 'group' }, { 'aria-label', number and 'Equation ' .. number or 'Equation' } }
      if number then span.content:insert(pandoc.Span('(' .. number .. ')', { class = 'number' })) end
      return span
    end,
    Table = function(t)
      return surround('<div class="scroll" tabindex="0" role="group" aria-label="Table">', { t }, '</div>')
    end,
    CodeBlock = function(code)
      if not code.classes:includes('cell-code') then
        return #code.classes == 0 and surround('<div class="scroll" tabindex="0" role="group" aria-label="Text">', { code }, '</div>') or nil
      end
      local folded, summary = code.attributes['code-fold'] or tostring(fold), code.attributes['code-summary'] or 'Code'
      code.attributes = {}
      if folded == 'false' then return code end
      local open = ('<details class="code"%s><summary>%s</summary>'):format(folded == 'show' and ' open' or '', M.write(pandoc.Inlines(summary)))
      return surround(open, { code }, '</details>')
    end,
    Header = function(h)
      local number = h.attributes.number
      h.attributes = {}
      if not number then return h end
      h.content:insert(1, pandoc.Span(number, { class = 'number' }))
      h.content:insert(2, pandoc.Space())
      return h
    end,
    Figure = function(f)
      local caption = surround('<figcaption>', f.caption.long, '</figcaption>')
      f.content:extend(caption)
      return surround(('<figure id="%s">'):format(f.identifier):gsub(' id=""', ''), f.content, '</figure>')
    end,
    Div = function(div)
      if div.classes:includes('float') then return float(div, names) end
      if div.classes:includes('callout') then return callout(div) end
      if div.classes:includes('tabset') then
        serial = serial + 1
        return tabset(div, serial)
      end
      if div.classes:includes('columns') then
        div.attributes = { style = '--columns:' .. tonumber(div.attributes.n) }
        return div
      end
      if div.classes:includes('cell') or div.classes:includes('cell-output') then
        div.identifier, div.attributes = '', {}
        return div
      end
    end,
  }
end

return M
