"""What a book has on top where `_quarto.yml` gives it an address: in both editions, on a small book; and nothing of it without."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from superposition.book import plain

from . import site

ROOT = Path(__file__).resolve().parents[2]
SITE, REPOSITORY = "https://book.example/deep", "https://code.example/us/book"
SETTINGS = f"""
project: {{type: book, output-dir: _book, post-render: [assets/from-disk.ts], resources: [assets/card.png]}}
book:
  title: "Small"
  author: "Nobody"
  site-url: {SITE}/
  repo-url: {REPOSITORY}
  repo-actions: [source]
  favicon: assets/favicon.svg
  page-footer: {{center: "MIT licence"}}
  chapters: [index.qmd, chapters/one.qmd]
lang: en-GB
format:
  html: {{theme: {{light: cosmo, dark: darkly}}}}
  typst: {{}}
"""


@pytest.fixture(scope="module", params=["plain", "quarto"])
def published(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"published {request.param}")
    (folder / "_quarto.yml").write_text(SETTINGS)
    (folder / "index.qmd").write_text("# Preface {.unnumbered}\n\nHello.\n")
    (folder / "chapters").mkdir()
    (folder / "chapters/one.qmd").write_text('# One\n\nWhy does "one" *cost* $5?\n\nMore.\n')
    (folder / "assets").mkdir()
    for name in ("from-disk.ts", "404.html", "favicon.svg", "card.png"):
        shutil.copy(ROOT / "assets" / name, folder / "assets")
    if request.param == "plain":
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SUPERPOSITION_ROOT", str(folder))
            plain.build()
    else:
        quarto = shutil.which("quarto") or pytest.skip("no quarto on the PATH")
        subprocess.run([quarto, "render", "--to", "html"], cwd=folder, check=True, capture_output=True)
    return folder / "_book"


def test_a_page_has_a_canonical_address_a_card_and_its_question_as_description(published):
    page = (published / "chapters/one.html").read_text()
    told = dict(re.findall(r'<meta (?:name|property)="([\w:]+)" content="([^"]*)"', page))
    assert f'<link rel="canonical" href="{SITE}/chapters/one.html">' in page
    assert told["description"] == told["og:description"] == "Why does “one” cost $5?"
    assert told["og:url"] == f"{SITE}/chapters/one.html" and told["og:title"].endswith("Small") and "One" in told["og:title"]
    assert told["twitter:card"] == "summary_large_image" and told["og:image"] == f"{SITE}/assets/card.png"
    assert (published / "assets/card.png").is_file()
    assert '<meta name="description" content="Hello.">' in (published / "index.html").read_text()


def test_a_page_has_an_icon_a_licence_and_a_link_to_its_source(published):
    page = site.parse(published / "chapters/one.html")
    assert f"{REPOSITORY}/blob/main/chapters/one.qmd" in page.links and "View source" in page.text and "MIT licence" in page.text
    assert "../assets/favicon.svg" in page.resources and (published / "assets/favicon.svg").is_file()


def test_the_site_has_a_map_and_a_page_404_whose_links_are_whole(published):
    listed = re.findall("<loc>(.*?)</loc>", (published / "sitemap.xml").read_text())
    assert sorted(listed) == [f"{SITE}/chapters/one.html", f"{SITE}/index.html"]
    assert (published / "robots.txt").read_text().strip() == f"Sitemap: {SITE}/sitemap.xml"
    lost = site.parse(published / "404.html")
    assert lost.links == [f"{SITE}/index.html"] and lost.resources == [f"{SITE}/assets/favicon.svg"]


@pytest.mark.parametrize("edition", ["plain", "quarto"])
def test_without_an_address_nothing_of_it_is_there_but_icon_licence_and_description(request, edition):
    book = request.getfixturevalue(f"{edition}_edition").folder
    page = (book / "chapters/toy/intro.html").read_text()
    assert not re.search(r'rel="canonical"|property="og:|twitter:|View source', page)
    assert 'name="description" content="How can a network keep five things apart' in page
    assert "MIT licence" in page and "favicon.svg" in page
    assert not any((book / name).exists() for name in ("404.html", "sitemap.xml", "robots.txt"))


def test_the_workflow_that_publishes_writes_both_addresses_into_the_books_settings(tmp_path):
    workflow = (ROOT / ".github/workflows/publish.yml").read_text()
    command = re.search(r"^ +(sed .*)$", workflow, re.M)[1]
    shutil.copy(ROOT / "_quarto.yml", tmp_path)
    subprocess.run(
        command, shell=True, cwd=tmp_path, check=True, env={"SITE": SITE, "REPOSITORY": REPOSITORY, "PATH": "/usr/bin:/bin"}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
        book = plain.freeze.config()["book"]
    assert (book["site-url"], book["repo-url"]) == (SITE, REPOSITORY) and len(book["chapters"]) > 1


def test_the_readmes_findings_are_those_of_the_preface_whose_numbers_results_gave():
    frozen = json.loads((ROOT / "_freeze/index/execute-results/html.json").read_text())["result"]["markdown"]
    plainly = re.sub(r" \(\[[^\]]*\]\([^)]*\)\)", "", frozen.replace("\\", ""))  # the links to chapters
    found = re.findall(r"^- \*\*.*\n  .*$", plainly, re.M)[:3]
    readme = (ROOT / "README.md").read_text()
    assert len(found) == 3 and all(re.search(r"\d", one) for one in found)
    assert [one for one in found if one not in readme] == []


def test_the_readmes_pictures_and_links_lead_somewhere_and_its_badges_to_workflows_that_there_are():
    for name in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text()):
            if workflow := re.fullmatch(r"\.\./\.\./actions/workflows/(\w+\.yml)(/badge\.svg)?", target):
                assert (ROOT / ".github/workflows" / workflow[1]).is_file()
            elif not target.startswith(("http", "../../")):
                assert (ROOT / target).exists(), f"{name}: {target}"
