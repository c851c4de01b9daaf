"""The service's own page: what can be asked, and what comes back. Nothing in it comes from another place."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "td,th{text-align:left;padding:.2em 1em .2em 0;vertical-align:top}code{background:#eee}"
)
HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "X-Frame-Options": "DENY"}


def page(schema: Mapping[str, Any]) -> str:
    """The OpenAPI document as a page to read."""
    title = f"{escape(schema['info']['title'])} {escape(schema['info']['version'])}"
    whole = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"
        f"<h1>{title}</h1>"
        f"<p>{escape(schema['info'].get('description', ''))} For programs: <a href=/openapi.json>openapi.json</a>.</p>"
        + "".join(_calls(schema))
        + "".join(_models(schema))
    )
    return whole.replace("`", "")  # marks of code in texts that programs read too


def _calls(schema: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in schema["paths"].items():
        for method, call in methods.items():
            yield f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(call.get('description', ''))}</p>"
            rows = ((code, answer.get("description", "")) for code, answer in sorted(call["responses"].items()))
            yield _table(("answer", "means"), rows)


def _models(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, model in schema.get("components", {}).get("schemas", {}).items():
        if "properties" in model:
            rows = ((field, _words(facts)) for field, facts in model["properties"].items())
            yield f"<h2>{escape(name)}</h2><p>{escape(model.get('description', ''))}</p>" + _table(
                ("field", "is"), rows
            )


def _words(facts: Mapping[str, Any]) -> str:
    bounds = [f"at most {facts['maxLength']} characters"] if "maxLength" in facts else []
    bounds += [f"pattern {facts['pattern']}"] if "pattern" in facts else []
    return "; ".join([*filter(None, [facts.get("description", "")]), *bounds])


def _table(heads: tuple[str, str], rows: Any) -> str:
    lines = [f"<tr><td><code>{escape(str(one))}</code><td>{escape(str(two))}" for one, two in rows]
    return f"<table><tr><th>{heads[0]}<th>{heads[1]}{''.join(lines)}</table>"
