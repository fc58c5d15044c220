// What Quarto runs after a full render: Neuroscope's sites, which the package writes into the book from stored results.
// Without the package, pages that say how to make them stand where the links lead.
const exists = (path: string) => { try { return !!Deno.statSync(path); } catch { return false; } };
const run = (python: string, ...args: string[]) => {
  try { return new Deno.Command(python, { args, stdout: "null", stderr: "inherit" }).outputSync().success; } catch { return false; }
};
const has = (python: string) => {
  try { return new Deno.Command(python, { args: ["-c", "import superposition"], stderr: "null" }).outputSync().success; } catch { return false; }
};

function placeholders() {
  const told = "Neuroscope's pages are made by the package: run `make book` in the repository.";
  console.log(told);
  for (const { name } of Deno.readDirSync("data/stories")) {
    const config = `data/stories/${name}/config.toml`;
    const model = name.startsWith("neuroscope_") && exists(config) && Deno.readTextFileSync(config).match(/^model = "stories\/(\w+)"/m);
    if (!model) continue;
    Deno.mkdirSync(`_book/neuroscope/${model[1]}`, { recursive: true });
    Deno.writeTextFileSync(
      `_book/neuroscope/${model[1]}/index.html`,
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>Neuroscope</title><p>${told}</p></html>\n`,
    );
  }
}

if (Deno.env.get("QUARTO_PROJECT_RENDER_ALL")) {
  const set = Deno.env.get("QUARTO_PYTHON");
  const python = (set ? [set] : [".venv/bin/python", ".venv/Scripts/python.exe", "python3"]).find(has);
  if (!python) placeholders();
  else if (!run(python, "-m", "superposition.book.neuroscope")) Deno.exit(1);
}
