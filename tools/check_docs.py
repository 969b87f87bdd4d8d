#!/usr/bin/env python3
"""Holds docs/ against the code: every setting, command and tool that one names, the other must have.

Usage: check_docs.py [--bin DIR] [--write]
Without --bin only the settings are checked. With it, the `hearth` there is asked for its tools and commands;
--write then makes docs/tools.md anew instead of comparing it.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def settings_of_code():
    """The keys of the tables in src/config: `DaemonKey{"name", …}`, `ApproverKey{…}` and `ClientKey name{"name", …}`; those of packs:
    `Known{"name", …}`, `Setting{"table.name", …}`."""
    sources = [*(ROOT / "src/config").glob("*.cpp"), *(ROOT / "src/packs").glob("*/*.cpp")]
    text = "".join(path.read_text() for path in sorted(sources))
    return set(re.findall(r'(?:DaemonKey|ApproverKey|ClientKey \w+|Known|Setting)\s*\{\s*"(?:[\w*]+\.)*(\w+)"', text))


def settings_of_docs():
    text = (ROOT / "docs/configuration.md").read_text()
    return set(re.findall(r"^\| `(\w+)`(?: \*)? \|", text, re.M)) - set(re.findall(r"^\| `([A-Z_]+)` \|", text, re.M))


def check_settings():
    code, docs = settings_of_code(), settings_of_docs()
    yield from (f"docs/configuration.md: the setting `{key}` is missing" for key in sorted(code - docs))
    yield from (f"docs/configuration.md: there is no setting `{key}`" for key in sorted(docs - code))


class Hearth:
    """A `hearth` with a home of its own."""

    def __init__(self, binary, home):
        self.binary, self.environment = binary, dict(os.environ, HEARTH_HOME=home)

    def run(self, *words):
        return subprocess.run([self.binary, *words], capture_output=True, text=True, env=self.environment)

    def tools(self):
        answer = self.run("tools", "--json")
        if answer.returncode != 0:
            sys.exit(f"check_docs: hearth tools: {answer.stderr.strip()}")
        data = json.loads(answer.stdout)["data"]
        return data["tools"] if isinstance(data, dict) else data


def type_of(schema):
    if "enum" in schema:
        return " \\| ".join(f"`{choice}`" for choice in schema["enum"])
    name = schema.get("type", "any")
    if name == "array":
        return f"list of {type_of(schema['items'])}"
    bounds = [schema.get("minimum"), schema.get("maximum")]
    if bounds[0] is not None and bounds[1] is not None:
        return f"{name} {bounds[0]}–{bounds[1]}"
    return name


def command_of(tool):
    """"issues_dep_add" is typed `hearth issues dep-add`."""
    pack, _, verb = tool["name"].partition("_")
    return (pack, verb.replace("_", "-"))


def describe_tool(tool):
    verb = " ".join(command_of(tool)) if "_" in tool["name"] else f"call {tool['name']}"
    hints = tool["annotations"]
    marks = [word for key, word in [("readOnlyHint", "read-only"), ("destructiveHint", "destructive"),
                                    ("idempotentHint", "idempotent"), ("openWorldHint", "open world")] if hints.get(key)]
    marks += {"optional": ["may run as a task"], "required": ["runs as a task"]}.get(
        tool.get("execution", {}).get("taskSupport"), [])
    yield f"## {tool['name']}\n"
    yield f"`hearth {verb}` · {', '.join(marks) or 'writes'}\n"
    yield tool["description"] + "\n"
    required = set(tool["inputSchema"].get("required", []))
    properties = tool["inputSchema"].get("properties", {})
    if properties:
        yield "| parameter | type | default | |\n|---|---|---|---|"
    for name, schema in properties.items():
        default = "required" if name in required else f"`{json.dumps(schema['default'])}`" if "default" in schema else ""
        yield f"| `{name}` | {type_of(schema)} | {default} | {schema.get('description', '')} |"
    answers = ", ".join(f"`{name}`" for name in tool["outputSchema"].get("properties", {}))
    yield f"{chr(10) if properties else ''}Answers {answers}.\n"


def tools_page(tools):
    head = ("# Tools\n\nMade by `tools/check_docs.py --write` from what the daemon lists. The name is MCP's; the command is the "
            "same on the\ncommand line (`hearth PACK VERB --help`).\n")
    return "\n".join([head] + [line for tool in tools for line in describe_tool(tool)])


def commands_of_docs():
    """`hearth …` commands in code spans and code blocks of the user's documents, as (file, words)."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    for page in pages:
        for line in page.read_text().splitlines():
            for words in re.findall(r"(?:^|`|\s{2})hearth ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)*)", line):
                yield page.relative_to(ROOT), words.split()


def check_commands(hearth, tools):
    verbs = {command_of(tool) for tool in tools if "_" in tool["name"]}
    packs = {pack for pack, _ in verbs}
    # What only a person may do is a command of its own, not a tool.
    sources = "".join(path.read_text() for path in sorted((ROOT / "src/cli").glob("*.cpp")))
    verbs |= {tuple(name.split()) for name in re.findall(r'Command\{\s*"(\w+ [\w-]+)"', sources)}
    known = {}
    for page, words in commands_of_docs():
        if words[0] in packs:
            if len(words) > 1 and (words[0], words[1]) not in verbs:
                yield f"{page}: there is no verb `hearth {words[0]} {words[1]}`"
            continue
        name = " ".join(words[:2]) if words[0] in ("daemon",) else words[0]
        if name not in known:
            known[name] = hearth.run(*name.split(), "--help").returncode == 0
        if not known[name]:
            yield f"{page}: there is no command `hearth {name}`"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    findings = list(check_settings())
    if options.bin:
        with tempfile.TemporaryDirectory(prefix="hearth-docs-") as home:
            hearth = Hearth(str(Path(options.bin) / "hearth"), home)
            try:
                tools = hearth.tools()
                findings += check_commands(hearth, tools)
            finally:
                hearth.run("daemon", "stop")
            page = ROOT / "docs/tools.md"
            if options.write:
                page.write_text(tools_page(tools))
            elif not page.exists() or page.read_text() != tools_page(tools):
                findings.append("docs/tools.md: not what the daemon lists; run tools/check_docs.py --bin DIR --write")
    print("\n".join(findings) if findings else "docs: in agreement with the code")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
