-- Reads an executed chapter into a tree whose headings, floats and equations carry Quarto's numbers.
-- Shapes left for the writers: Div.float (first block Div.caption), Div.callout (first its title), Div.tabset
-- (of tabs, first their titles), Div.columns (of Div.column), Span.equation.
local M = {}

M.NAMES = { fig = 'Figure', tbl = 'Table', eq = 'Equation', sec = 'Section' }

-- The kind of a cross-reference label (`fig` of `fig-plot`), or nil.
function M.kind(id)
  local kind = id:match('^(%a+)%-')
  return kind and M.NAMES[kind] and kind
end

-- Content that Quarto shows in another format only, dropped or unwrapped.
local function visible(el, format)
  local shown, hidden = el.classes:includes('content-visible'), el.classes:includes('content-hidden')
  if not (shown or hidden) then return nil end
  local when, unless = el.attributes['when-format'], el.attributes['unless-format']
  local applies = (not when or when == format) and (not unless or unless ~= format)
  return applies == shown and el.content or {}
end

-- Splits `.cell-code` blocks from the rest: a figure holds the output of a cell, its code stands before it.
local function split_code(blocks)
  local code, rest = pandoc.Blocks {}, pandoc.Blocks {}
  for _, block in ipairs(blocks) do
    if block.t == 'CodeBlock' and block.classes:includes('cell-code') then
      code:insert(block)
    elseif block.t == 'Div' and block.classes:includes('cell') then
      local inner
      inner, block.content = split_code(block.content)
      code:extend(inner)
      rest:insert(block)
    else
      rest:insert(block)
    end
  end
  return code, rest
end

-- The blocks side by side, where `attributes` ask for a layout in columns.
local function side_by_side(blocks, attributes)
  local n = attributes['layout-ncol']
  if not n then return blocks end
  local cells = pandoc.Blocks {}
  for _, block in ipairs(blocks) do cells:insert(pandoc.Div({ block }, { class = 'column' })) end
  return pandoc.Blocks { pandoc.Div(cells, pandoc.Attr('', { 'columns' }, { n = n })) }
end

-- Takes the caption off a figure or table div: its option, its last paragraph, or that of what it holds.
local function take_caption(div, kind, blocks)
  local option = div.attributes[kind .. '-cap']
  if option then return pandoc.utils.blocks_to_inlines(pandoc.read(option, 'markdown').blocks), blocks end
  local last = blocks[#blocks]
  local picture = last and last.t == 'Para' and #last.content == 1 and last.content[1].t == 'Image'
  if last and last.t == 'Para' and not picture and #blocks > 1 then
    blocks:remove()
    return last.content, blocks
  end
  local caption
  local function steal(el)
    if caption or M.kind(el.identifier) then return nil end
    caption = pandoc.utils.blocks_to_inlines(el.caption.long)
    el.caption = { long = {} }
    return el.t == 'Figure' and el.content or el
  end
  return caption or {}, blocks:walk { Figure = steal, Table = steal }
end

-- One chapter being numbered: `add` records a label, `report` a fault.
function M.number(doc, chapter, format, add, report)
  local counts = { fig = 0, tbl = 0, eq = 0, [2] = 0, [3] = 0, [4] = 0, [5] = 0, [6] = 0 }
  local filter

  local function prefixed(n) return chapter.number and (chapter.number .. '.' .. n) or tostring(n) end

  local function float(kind, id, caption, blocks, attributes, parent)
    local number
    if parent and parent.kind == kind then
      parent.subs = parent.subs + 1
      number = parent.number .. ' (' .. string.char(96 + parent.subs) .. ')'
    else
      counts[kind] = counts[kind] + 1
      number = prefixed(counts[kind])
    end
    add(id, { kind = kind, number = number })
    local body = pandoc.Blocks(blocks):walk(filter({ kind = kind, number = number, subs = 0 }))
    local div = pandoc.Div({ pandoc.Div({ pandoc.Plain(caption) }, { class = 'caption' }) }, { id = id, class = 'float' })
    div.content:extend(side_by_side(body, attributes))
    div.attributes = { kind = kind, number = number, sub = parent and number:match('%(%a%)') or nil }
    return div
  end

  -- `:::` divs that become a float, a callout or a tabset; their insides are numbered in reading order.
  local function div_of(div, parent)
    local kind = M.kind(div.identifier)
    local callout = table.concat(div.classes, ' '):match('callout%-(%a+)')
    if kind == 'fig' or kind == 'tbl' then
      local code, blocks = split_code(div.content)
      local caption
      caption, blocks = take_caption(div, kind, blocks)
      code:insert(float(kind, div.identifier, caption, blocks, div.attributes, parent))
      return code, false
    elseif callout then
      local title = div.attributes.title and pandoc.read(div.attributes.title, 'markdown').blocks[1].content
      if not title and div.content[1] and div.content[1].t == 'Header' then title = div.content:remove(1).content end
      title = title or { pandoc.Str(callout:sub(1, 1):upper() .. callout:sub(2)) }
      local body = div.content:walk(filter(parent))
      body:insert(1, pandoc.Plain(title))
      return pandoc.Div(body, pandoc.Attr(div.identifier, { 'callout' },
        { kind = callout, collapse = div.attributes.collapse })), false
    elseif div.classes:includes('panel-tabset') then
      local tabs = pandoc.Blocks {}
      for _, block in ipairs(div.content) do
        if block.t == 'Header' and (#tabs == 0 or block.level == tabs.level) then
          tabs.level = block.level
          tabs:insert(pandoc.Div({ pandoc.Plain(block.content) }))
        elseif #tabs > 0 then
          tabs[#tabs].content:extend(pandoc.Blocks { block }:walk(filter(parent)))
        end
      end
      return pandoc.Div(tabs, { class = 'tabset' }), false
    elseif div.attributes['layout-ncol'] then
      local code, blocks = split_code(div.content)
      code:extend(side_by_side(blocks:walk(filter(parent)), div.attributes))
      return code, false
    end
  end

  local function header(h)
    local number
    if h.level == 1 then
      number = chapter.number
    elseif chapter.number and not h.classes:includes('unnumbered') then
      counts[h.level] = counts[h.level] + 1
      for deeper = h.level + 1, 6 do counts[deeper] = 0 end
      number = chapter.number
      for level = 2, h.level do number = number .. '.' .. counts[level] end
    end
    h.attributes = { number = number }
    add(h.identifier, { kind = 'sec', number = number, level = h.level, title = h.content, appendix = chapter.appendix })
    return h
  end

  -- `$$ … $$ {#eq-x}` becomes a numbered span, other display mathematics an unnumbered one.
  local function equations(para)
    local out = pandoc.Inlines {}
    for _, inline in ipairs(para.content) do
      local label = inline.t == 'Str' and inline.text:match('^{#(eq%-[^}]*)}')
      local last = out[#out]
      if last and last.t == 'Space' and label then last = out[#out - 1] end
      if label and last and last.t == 'Span' and last.classes:includes('equation') then
        if out[#out].t == 'Space' then out:remove() end
        counts.eq = counts.eq + 1
        last.identifier, last.attributes = label, { number = prefixed(counts.eq) }
        add(label, { kind = 'eq', number = last.attributes.number })
        local rest = inline.text:match('}(.*)')
        if rest ~= '' then out:insert(pandoc.Str(rest)) end
      elseif inline.t == 'Math' and inline.mathtype == 'DisplayMath' then
        out:insert(pandoc.Span({ inline }, { class = 'equation' }))
      else
        out:insert(inline)
      end
    end
    para.content = out
    return para
  end

  local function para(p, parent)
    local image = #p.content == 1 and p.content[1].t == 'Image' and p.content[1]
    if image and M.kind(image.identifier) == 'fig' then
      local id = image.identifier
      image.identifier = ''
      return float('fig', id, {}, { p }, {}, parent), false
    end
    return equations(p)
  end

  function filter(parent)
    return {
      traverse = 'topdown',
      Header = header,
      Para = function(p) return para(p, parent) end,
      Plain = equations,
      Div = function(div) return div_of(div, parent) end,
      Figure = function(f)
        if M.kind(f.identifier) ~= 'fig' then return nil end
        return float('fig', f.identifier, pandoc.utils.blocks_to_inlines(f.caption.long), f.content, {}, parent), false
      end,
      Table = function(t)
        if M.kind(t.identifier) ~= 'tbl' then return nil end
        local id, caption = t.identifier, pandoc.utils.blocks_to_inlines(t.caption.long)
        t.identifier, t.caption = '', { long = {} }
        return float('tbl', id, caption, { t }, {}, parent), false
      end,
    }
  end

  local hide = function(el) return visible(el, format) end
  local blocks = doc.blocks:walk { Div = hide, Span = hide }
  local title = blocks:find_if(function(b) return b.t == 'Header' and b.level == 1 end)
  if not title and doc.meta.title then
    title = pandoc.Header(1, pandoc.utils.type(doc.meta.title) == 'Inlines' and doc.meta.title or pandoc.utils.stringify(doc.meta.title))
    blocks:insert(1, title)
  end
  if not title then return report('has no title: begin it with "# Title"') end
  chapter.number = not title.classes:includes('unnumbered') and chapter.candidate or nil
  return blocks:walk(filter(nil)):walk {
    Image = function(image)
      image.attributes.loading = 'lazy'
      image.attributes.alt = image.attributes['fig-alt'] or image.attributes.alt
      image.attributes['fig-alt'] = nil
      return image
    end,
  }
end

return M
