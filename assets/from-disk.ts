// After each render: what makes Quarto's pages work from disk, on paper and by keyboard. Written for Quarto 1.10.
// Browsers refuse modules and fetch from disk: quarto.js and tabsets.js become one plain script, the search index another.
const folder = Deno.env.get("QUARTO_PROJECT_OUTPUT_DIR") ?? "_book";
const html = `${folder}/site_libs/quarto-html`;

function plain(module: string): string {
  return Deno.readTextFileSync(`${html}/${module}`).replace(/^import .*$/gm, "").replace(/^export (?=function|const|default)/gm, "");
}

function replaced(page: string, was: RegExp, by: string): string {
  if (!was.test(page)) throw new Error(`assets/from-disk.ts: nothing in this Quarto's output fits ${was}`);
  return page.replace(was, by);
}

const pdf = [...Deno.readDirSync(folder)].map((entry) => entry.name).find((name) => name.endsWith(".pdf"));
const PDF = 'class="quarto-navigation-tool px-1" title="The book as a PDF" aria-label="The book as a PDF"><i class="bi bi-file-pdf"';

function offset(page: string): string {
  return page.match(/<meta name="quarto:offset" content="([^"]*)">/)![1];
}

function mended(page: string): string {
  page = replaced(page, /<script src="([^"]*)quarto\.js" type="module">/, '<script src="$1quarto-plain.js" defer>');
  page = replaced(page, /<script src="[^"]*tabsets\.js" type="module"><\/script>\n/, "");
  // The dark sheets lie over the light ones: on paper only the light ones are left.
  page = replaced(page, /class="quarto-color-scheme quarto-color-alternate"/g, '$& media="screen"');
  // Read by pages with equations only. In a style sheet of Quarto's the address would be looked for beside the project.
  const font = `@font-face { font-family: "Book Math"; src: url("${offset(page)}assets/fonts/stix-two-math.woff2"); font-display: swap; }`;
  page = replaced(page, /<\/head>/, `<style>${font}</style>\n$&`);
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
  Deno.writeTextFileSync(page, mended(Deno.readTextFileSync(page)));
}
