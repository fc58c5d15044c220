-- Writes the numbered tree as Typst; every number is written out, so the PDF has those of the pages.
local together = require 'together'

local M = {}

local function raw(format, ...) return pandoc.RawBlock('typst', format:format(...)) end
local function inline(text) return pandoc.RawInline('typst', text) end

function M.write(content)
  if pandoc.utils.type(content) == 'Inlines' then content = { pandoc.Plain(content) } end
  return (pandoc.write(pandoc.Pandoc(content), 'typst-citations', { wrap_text = 'none' }):gsub('%s+$', ''))
end

function M.quote(text) return '"' .. text:gsub('[\\"]', '\\%0') .. '"' end

local function surround(open, blocks, close)
  local out = pandoc.Blocks { raw('%s', open) }
  out:extend(blocks)
  out:insert(raw('%s', close))
  return out
end

local function float(div, names)
  local kind, number, sub = div.attributes.kind, div.attributes.number, div.attributes.sub
  local caption = div.content:remove(1).content[1].content
  local lead = sub or (names[kind] .. '~' .. number .. (#caption > 0 and ':' or ''))
  local open = ('#figure(kind: "%s", supplement: none, numbering: none, caption: [#label-of[%s] %s])['):format(
    sub and 'sub' or kind, lead, M.write(caption))
  return surround(open, div.content, '] <' .. div.identifier .. '>')
end

local function heading(h)
  local number = h.attributes.number
  local text = ('#heading(level: %d, numbering: %s)[%s]'):format(h.level,
    number and ('(..n) => "%s"'):format(number) or 'none', M.write(h.content))
  return raw('%s%s', text, h.attributes.label and (' <%s>'):format(h.attributes.label) or '')
end

function M.render(blocks, names)
  return blocks:walk(together.typst):walk {
    Span = function(span)
      if not span.classes:includes('equation') then return nil end
      local number = span.attributes.number
      if not number then return span.content end
      return { inline(('#[#set math.equation(numbering: (..n) => "(%s)");'):format(number)), span.content[1],
        inline((' <%s>]'):format(span.identifier)) }
    end,
    -- Pandoc's own writer leaves the alternative text out.
    Image = function(image)
      local width = (image.attributes.width or ''):match('^[%d.]+[%%a-z]+$')
      local size = width and not width:match('px$') and ', width: ' .. width or ''
      return inline(('#box(image(%s, alt: %s%s))'):format(M.quote(image.src), M.quote(image.attributes.alt or ''), size))
    end,
    Header = heading,
    CodeBlock = function(code)
      local language = code.classes[1] and code.classes[1] ~= 'cell-code' and code.classes[1]
      return raw('#raw(block: true, lang: %s, %s)', language and M.quote(language) or 'none', (M.quote(code.text):gsub('\n', '\\n')))
    end,
    Figure = function(f)
      local caption = M.write(pandoc.utils.blocks_to_inlines(f.caption.long))
      return surround(('#figure(kind: "fig", supplement: none, numbering: none, caption: [%s])['):format(caption), f.content, ']')
    end,
    Div = function(div)
      if div.classes:includes('float') then return float(div, names) end
      if div.classes:includes('callout') then
        local title = M.write(div.content:remove(1).content)
        return surround(('#callout("%s", [%s])['):format(div.attributes.kind, title), div.content, ']')
      end
      if div.classes:includes('tabset') then
        local out = pandoc.Blocks {}
        for _, tab in ipairs(div.content) do
          out:insert(raw('#heading(level: 4, numbering: none, outlined: false)[%s]', M.write(tab.content:remove(1).content)))
          out:extend(tab.content)
        end
        return out
      end
      if div.classes:includes('column') then return surround('[', div.content, '],') end
      if div.classes:includes('columns') then
        return surround(('#side-by-side(%d,'):format(tonumber(div.attributes.n)), div.content, ')')
      end
      if div.classes:includes('cell') or div.classes:includes('cell-output') then return div.content end
    end,
  }
end

return M
