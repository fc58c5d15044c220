-- What stays together, in both editions: mathematics with the stop after it, and an exercise with its answer.
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

M.html = { Inlines = inlines }
M.typst = { Blocks = blocks }

return M
