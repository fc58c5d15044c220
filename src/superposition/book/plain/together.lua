-- What both editions do alike: mathematics stays with the stop after it, an exercise with its answer, and claims fit the page.
-- A filter for each format, which the plain edition's writers apply and assets/filter.lua hands to Quarto.
local M = {}

-- A browser may break a line between mathematics and the stop or comma after it.
local function inlines(list)
  for i = #list - 1, 1, -1 do
    local math, after = list[i], list[i + 1]
    local stop = math.t == 'Math' and math.mathtype == 'InlineMath' and after.t == 'Str' and after.text:match('^[.,;:?!)]+')
    if stop then
      list[i] = pandoc.Span({ math, pandoc.Str(stop) }, { class = 'nowrap' })
      if #stop == #after.text then list:remove(i + 1) else after.text = after.text:sub(#stop + 1) end
    end
  end
  return list
end

-- In the PDF the question stands on the page of its answer.
local function blocks(list)
  for i = #list - 1, 1, -1 do
    local answer = list[i + 1]
    local folded = answer.t == 'Div' and (answer.attributes.collapse or answer.attributes.__quarto_custom_type == 'Callout')
    if folded and list[i].t == 'OrderedList' then
      list:insert(i + 1, pandoc.RawBlock('typst', ']'))
      list:insert(i, pandoc.RawBlock('typst', '#block(sticky: true)['))
    end
  end
  return list
end

-- A row of the claims at length as a paragraph: a page of the PDF is too narrow for a table of six columns.
local function paragraph(row)
  local cells = row.cells:map(function(cell) return pandoc.utils.blocks_to_inlines(cell.contents) end)
  local statement, verdict, measured, baseline, over, after = table.unpack(cells)
  local found = pandoc.utils.stringify(verdict):gsub('^%l', string.upper)
  local said = pandoc.Inlines { pandoc.Strong(found .. '.'), pandoc.Space() } .. statement
  for _, part in ipairs { { 'Found:', measured }, { 'Baseline:', baseline }, { 'Interval over:', over } } do
    said = said .. { pandoc.Space(), pandoc.Emph(part[1]), pandoc.Space() } .. part[2] .. { pandoc.Str '.' }
  end
  if pandoc.utils.stringify(after) == 'yes' then said = said .. { pandoc.Space(), pandoc.Emph 'Set after looking.' } end
  return pandoc.Para(said)
end

local function claims(div)
  if not div.classes:includes('at-length') then return nil end
  local out = pandoc.Blocks { pandoc.RawBlock('typst', '#[#set text(size: 8.5pt); #set par(leading: 0.5em, spacing: 0.8em)') }
  div:walk { Table = function(of_chapter) out:extend(of_chapter.bodies[1].body:map(paragraph)) end }
  out:insert(pandoc.RawBlock('typst', ']'))
  return out
end

M.html = { Inlines = inlines }
M.typst = { Blocks = blocks, Div = claims }

return M
