-- Pictures below the first screen load when the reader comes near them.
function Image(image)
  if FORMAT:match("html") then image.attributes.loading = "lazy" end
  return image
end
