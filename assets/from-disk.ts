// After each render: what makes Quarto's pages work from disk, on paper and by keyboard, and what a published site has on top.
// Written for Quarto 1.10.
// Browsers refuse modules and fetch from disk: quarto.js and tabsets.js become one plain script, the search index another.
const folder = Deno.env.get("QUARTO_PROJECT_OUTPUT_DIR") ?? "_book";
const html = `${folder}/site_libs/quarto-html`;

function plain(module: string): string {
  return Deno.readTextFileSync(`${html}/${module}`).replace(/^import .*$/gm, "").replace(/^export (?=function|const|default)/gm, "");
}

function replaced(page: string, was: RegExp, by: string | ((found: string) => string)): string {
  if (!was.test(page)) throw new Error(`assets/from-disk.ts: nothing in this Quarto's output fits ${was}`);
  return page.replace(was, by as string);
}

const pdf = [...Deno.readDirSync(folder)].map((entry) => entry.name).find((name) => name.endsWith(".pdf"));
const PDF = 'class="quarto-navigation-tool px-1" title="The book as a PDF" aria-label="The book as a PDF"><i class="bi bi-file-pdf"';

function offset(page: string): string {
  return page.match(/<meta name="quarto:offset" content="([^"]*)">/)![1];
}

// The address of the site as _quarto.yml has it, without a slash at its end, or nothing.
const site = Deno.readTextFileSync("_quarto.yml").match(/^ +site-url: *["']?([^"'\s]+?)\/?["']?\s*$/m)?.[1];

// What a page is about: its first paragraph after the title, which in a chapter is the question.
function described(page: string): string {
  const words = page.slice(page.indexOf("</header>", page.indexOf("<main"))).match(/<p>([^]*?)<\/p>/)![1].replace(/<[^>]*>/g, "").replace(/\s+/g, " ").trim();
  return words.replace(/"/g, "&quot;");
}

function shared(page: string, path: string): string {
  const title = page.match(/<title>([^]*?)<\/title>/)![1].replace(/"/g, "&quot;"), about = described(page);
  const properties = { title, description: about, type: "article", url: `${site}/${path}`, image: `${site}/assets/card.png` };
  return `<link rel="canonical" href="${site}/${path}">
<meta name="twitter:card" content="summary_large_image">
${Object.entries(properties).map(([name, value]) => `<meta property="og:${name}" content="${value}">`).join("\n")}
`;
}

function mended(page: string, path: string): string {
  page = replaced(page, /<script src="([^"]*)quarto\.js" type="module">/, '<script src="$1quarto-plain.js" defer>');
  page = replaced(page, /<script src="[^"]*tabsets\.js" type="module"><\/script>\n/, "");
  // The dark sheets lie over the light ones: on paper only the light ones are left.
  page = replaced(page, /class="quarto-color-scheme quarto-color-alternate"/g, '$& media="screen"');
  // Read by pages with equations only. In a style sheet of Quarto's the address would be looked for beside the project.
  const font = `@font-face { font-family: "Book Math"; src: url("${offset(page)}assets/fonts/stix-two-math.woff2"); font-display: swap; }`;
  const head = `<style>${font}</style>\n<meta name="description" content="${described(page)}">\n${site ? shared(page, path) : ""}`;
  page = replaced(page, /<\/head>/, (end) => head + end);
  page = replaced(page, /<body[^>]*>/, '$&<a class="skip" href="#quarto-document-content">Skip to the text</a>');
  if (pdf) page = replaced(page, /<div class="sidebar-tools-main">\n/, `$&<a href="${offset(page)}${encodeURI(pdf)}" ${PDF}></i></a>\n`);
  return page.replace(/href="((?:\.\.?\/)+)"/g, 'href="$1index.html"');
}

const script = `${html}/quarto-plain.js`;
const tabs = plain("tabsets/tabsets.js");
Deno.writeTextFileSync(script, `(() => {\nconst tabsets = (() => {\n${tabs}\nreturn { init };\n})();\n${plain("quarto.js")}\n})();\n`);
Deno.writeTextFileSync(`${folder}/search.js`, `window.quartoSearchIndex = ${Deno.readTextFileSync(`${folder}/search.json`)};\n`);
// Quarto's own search gives up from disk, with an alert; assets/reading.html has it read the index from search.js.
const search = `${folder}/site_libs/quarto-search/quarto-search.js`;
Deno.writeTextFileSync(search, replaced(Deno.readTextFileSync(search), /var shownWarning = (false|true);/, "var shownWarning = true;"));
for (const page of (Deno.env.get("QUARTO_PROJECT_OUTPUT_FILES") ?? "").split("\n").filter((name) => name.endsWith(".html"))) {
  const path = `/${page.replaceAll("\\", "/")}`.split(`/${folder.replaceAll("\\", "/").split("/").pop()}/`).pop()!;
  Deno.writeTextFileSync(page, mended(Deno.readTextFileSync(page), path));
}
if (site) Deno.writeTextFileSync(`${folder}/404.html`, Deno.readTextFileSync("assets/404.html").replaceAll("SITE", site));
