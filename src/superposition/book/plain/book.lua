-- The plain edition in one process: `pandoc lua book.lua manifest.json`, called by plain.py.
-- Number every chapter, then resolve references between them, then write pages and one Typst file.
local path, stringify = pandoc.path, pandoc.utils.stringify
package.path = path.join { path.directory(arg[0]), '?.lua' } .. ';' .. package.path
local structure, html, typst = require 'structure', require 'html', require 'typst'

local function read(name)
  local file = assert(io.open(name, 'rb'))
  local text = file:read 'a'
  file:close()
  return text
end

local function write(name, text)
  pandoc.system.make_directory(path.directory(name), true)
  local file = assert(io.open(name, 'wb'))
  file:write(text)
  file:close()
end

local book = pandoc.json.decode(read(arg[1]), false)
local cited = pandoc.Inlines {}
local faults = {}
local function fault(chapter, text) faults[chapter.source .. ': ' .. text] = true end

local function stop_at_faults()
  local lines = {}
  for line in pairs(faults) do lines[#lines + 1] = line end
  table.sort(lines)
  if #lines > 0 then
    io.stderr:write(table.concat(lines, '\n'), '\n')
    os.exit(3)
  end
end

local keys = {}
local everything = pandoc.Cite({}, { pandoc.Citation('*', 'NormalCitation') })
for _, entry in ipairs(pandoc.utils.references(pandoc.Pandoc({}, { bibliography = book.bibliography, nocite = { everything } }))) do
  keys[entry.id] = true
end

-- First pass: every chapter as a numbered tree, and where every label of the book is.
local function number_all(format)
  local labels, counts = {}, { [false] = 0, [true] = 0 }
  for _, chapter in ipairs(book.chapters) do
    local n = counts[chapter.appendix] + 1
    chapter.candidate = chapter.appendix and string.char(64 + n) or tostring(n)
    chapter.number = nil
    local function add(id, label)
      label.chapter, label.id = chapter, id
      if structure.kind(id) and labels[id] and not labels[id].auto then
        fault(chapter, ('the label %s is already in %s'):format(id, labels[id].chapter.source))
      end
      chapter.ids[id] = label
      label.auto = not structure.kind(id)
      if not label.auto then labels[id] = label end
    end
    chapter.ids = {}
    chapter[format] = structure.number(pandoc.read(chapter.text[format], 'markdown'), chapter, format, add,
      function(text) fault(chapter, text) end)
    if chapter.number then counts[chapter.appendix] = n end
  end
  stop_at_faults()
  return labels
end

-- `target`, written as seen from `folder`, as seen from the top.
local function join(folder, target)
  local steps = {}
  for step in (folder .. '/' .. target):gmatch('[^/]+') do
    if step == '..' then table.remove(steps) elseif step ~= '.' then table.insert(steps, step) end
  end
  return table.concat(steps, '/')
end

-- The address of `target`, a path from the site's top, on the page of `chapter`.
local function relative(target, chapter)
  local from = chapter.href
  while from:match('^[^/]+/') and from:match('^[^/]+/') == target:match('^[^/]+/') do
    from, target = from:gsub('^[^/]+/', ''), target:gsub('^[^/]+/', '')
  end
  return from:gsub('[^/]+/', '../'):gsub('[^/]+$', '') .. target
end

-- Where `label` is, seen from `chapter`: an address for a page, a Typst label for the PDF.
local function address(label, chapter, format)
  if format == 'typst' then return '#' .. label.id end
  if label.chapter == chapter then return '#' .. label.id end
  return relative(label.chapter.href, chapter) .. (label.level == 1 and '' or '#' .. label.id)
end

local function reference(citation, label, chapter, format)
  local text
  local name = structure.NAMES[label.kind]
  if label.level == 1 then name = label.appendix and 'Appendix' or 'Chapter' end
  if not label.number then
    text = label.kind == 'sec' and label.title:clone() or { pandoc.Str(name) }
  elseif citation.mode == 'SuppressAuthor' then
    text = { pandoc.Str(label.number) }
  elseif #citation.prefix > 0 then
    text = citation.prefix:clone()
    text:insert(pandoc.Str('\u{a0}' .. label.number))
  else
    text = { pandoc.Str(name .. '\u{a0}' .. label.number) }
  end
  return pandoc.Link(text, address(label, chapter, format))
end

local function resolve(blocks, chapter, labels, format)
  local function cite(el)
    local out = pandoc.Inlines {}
    local references = 0
    for _, citation in ipairs(el.citations) do
      local id = citation.id:gsub('^%u', string.lower)
      if not structure.kind(id) then
        if keys[citation.id] then cited:insert(pandoc.Cite({}, { pandoc.Citation(citation.id, 'NormalCitation') }))
        else fault(chapter, ('@%s is neither a label nor in the bibliography'):format(citation.id)) end
      elseif not labels[id] then
        fault(chapter, ('unknown cross-reference @%s'):format(citation.id))
      else
        references = references + 1
        if #out > 0 then out:extend { pandoc.Str ',', pandoc.Space() } end
        out:insert(reference(citation, labels[id], chapter, format))
      end
    end
    if references > 0 and references < #el.citations then
      fault(chapter, ('%s mixes cross-references and citations'):format(stringify(el)))
    end
    if references > 0 then return out end
  end

  -- A link to a source file leads to its page, or to its place in the PDF.
  local function link(el)
    local file, id = el.target:match('^([^#:]+%.qmd)#?(.*)$')
    local target = chapter
    if file then
      target = book.by_source[join(path.directory(chapter.source), file)]
      if not target then
        fault(chapter, ('the link %s leads to no chapter'):format(el.target))
        return nil
      end
    else
      id = el.target:match('^#(.+)$')
      if not id then return nil end
    end
    local label = target.ids[id ~= '' and id or target.id]
    if format == 'html' then
      if file then el.target = relative(target.href, chapter) .. (id ~= '' and '#' .. id or '') end
      return el
    end
    if not label or label.auto and label.level ~= 1 then label = target.ids[target.id] end
    el.target = '#' .. (label.level == 1 and target.anchor or label.id)
    return el
  end
  return blocks:walk { Link = link }:walk { Cite = cite }
end

-- Citations written out; the list of references fills the div #refs, or is appended where there is none.
local function with_citations(blocks)
  local meta = { bibliography = book.bibliography, csl = book.csl, lang = book.lang, ['link-citations'] = true, nocite = cited }
  return pandoc.utils.citeproc(pandoc.Pandoc(blocks, meta)).blocks
end

local function holds_refs(blocks)
  local found = false
  blocks:walk { Div = function(div) found = found or div.identifier == 'refs' end }
  return found
end

local function prepare()
  book.by_source = {}
  for _, chapter in ipairs(book.chapters) do book.by_source[chapter.source] = chapter end
  for _, format in ipairs { 'html', 'typst' } do
    local labels = number_all(format)
    for _, chapter in ipairs(book.chapters) do
      local title = chapter[format]:find_if(function(b) return b.t == 'Header' and b.level == 1 end)
      chapter.id, chapter.title = title.identifier, title.content
      chapter.anchor = structure.kind(title.identifier) and title.identifier or chapter.href:gsub('%W', '-')
      if holds_refs(chapter[format]) then book.references = chapter end
    end
    for _, chapter in ipairs(book.chapters) do chapter[format] = resolve(chapter[format], chapter, labels, format) end
  end
  if #cited > 0 and not book.references then fault(book.chapters[1], 'the book cites, but no chapter holds a div #refs') end
  stop_at_faults()
end

-- The list of chapters for the template, as seen from `current`: parts, their chapters, the open one's sections.
local function navigation(current, sections)
  local parts = {}
  for _, chapter in ipairs(book.chapters) do
    local part = chapter.appendix and 'Appendices' or chapter.part
    if #parts == 0 or parts[#parts].title ~= part then parts[#parts + 1] = { title = part, chapters = {} } end
    table.insert(parts[#parts].chapters, { href = relative(chapter.href, current), number = chapter.number,
      title = html.write(chapter.title), current = chapter == current, sections = chapter == current and sections or nil })
  end
  return parts
end

-- What a page is about: its first paragraph, which in a chapter is the question.
local function about(blocks)
  local first = blocks:find_if(function(block) return block.t == 'Para' end)
  return first and html.write(pandoc.Inlines(stringify(first))):gsub('"', '&quot;')
end

local function page(chapter, i, template)
  local blocks = with_citations(chapter.html)
  if book.references and chapter ~= book.references then
    blocks = blocks:walk {
      Link = function(link)
        if link.target:match('^#ref%-') then link.target = relative(book.references.href, chapter) .. link.target end
        return link
      end,
      Div = function(div) return div.identifier == 'refs' and {} or nil end,
    }
  end
  blocks = html.render(blocks, structure.NAMES, book.fold)
  local _, at = blocks:find_if(function(b) return b.t == 'Header' and b.level == 1 end)
  blocks:remove(at)
  local described = about(blocks)
  local toc = html.write(pandoc.Blocks { pandoc.structure.table_of_contents(blocks, { toc_depth = 3 }) })
  local function neighbour(other)
    return other and { href = relative(other.href, chapter), title = html.write(other.title), number = other.number }
  end
  local context = {
    book = html.write(pandoc.Inlines(book.title)), subtitle = html.write(pandoc.Inlines(book.subtitle)),
    author = html.write(pandoc.Inlines(book.author)), lang = book.lang, pdf = relative(book.pdf, chapter),
    home = relative('index.html', chapter), css = relative('plain.css', chapter), after = book.after,
    first = i == 1, id = chapter.id, part = chapter.part, number = chapter.number, appendix = chapter.appendix,
    title = html.write(chapter.title), plaintitle = html.write(pandoc.Inlines(stringify(chapter.title))),
    body = html.write(blocks), nav = navigation(chapter, toc:match('<li>') and toc),
    about = described, favicon = book.favicon and relative(book.favicon, chapter), site = book.site, path = chapter.href,
    source = book.repository and ('%s/blob/main/%s'):format(book.repository, chapter.source), footer = book.footer,
    previous = neighbour(book.chapters[i - 1]), next = neighbour(book.chapters[i + 1]),
  }
  write(path.join { book.out, chapter.href }, pandoc.template.apply(template, context):render() .. '\n')
end

local function pdf_source()
  local all, pictures, part = pandoc.Blocks {}, {}, nil
  for _, chapter in ipairs(book.chapters) do
    local current = chapter.appendix and 'Appendices' or chapter.part
    if current and current ~= part then
      all:insert(pandoc.RawBlock('typst', ('#part[%s]'):format(typst.write(pandoc.Inlines(current)))))
    end
    part = current
    all:extend(chapter.typst:walk {
      Image = function(image)
        if image.src:match('^%a+:') then return nil end
        image.src = '/' .. join(path.directory(chapter.source), image.src)
        pictures[image.src] = chapter.source
        return image
      end,
      Header = function(h)
        h.attributes.label = h.level == 1 and chapter.anchor or structure.kind(h.identifier) and h.identifier or nil
        return h
      end,
    })
  end
  write(book.pictures_out, pandoc.json.encode(pictures))
  all = with_citations(all)
  local source = typst.write(typst.render(all, structure.NAMES))
  local context = { title = typst.write(pandoc.Inlines(book.title)), subtitle = typst.write(pandoc.Inlines(book.subtitle)),
    author = typst.write(pandoc.Inlines(book.author)),
    ['quoted-author'] = typst.quote(book.author), lang = book.lang:sub(1, 2), body = source }
  local template = pandoc.template.compile(read(book.typst_template))
  write(book.typst_out, pandoc.template.apply(template, context):render() .. '\n')
end

prepare()
local template = pandoc.template.compile(read(book.html_template))
for i, chapter in ipairs(book.chapters) do page(chapter, i, template) end
pdf_source()
