-- What the book asks of Quarto beyond its own: pictures that load late, and what stays together on a line or a page.
local together = dofile(quarto.utils.resolve_path("../src/superposition/book/plain/together.lua"))

if not FORMAT:match("html") then return { together.typst } end

-- Pictures below the first screen load when the reader comes near them.
local function late(image)
  image.attributes.loading = "lazy"
  return image
end

return { { Image = late }, together.html }
