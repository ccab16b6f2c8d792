"""graphql.js: a GraphQL endpoint."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest
from bundling import LIMITS, Bundle
from running import Origin, Run, Running

from edgewright import Outcome


@pytest.fixture
async def api(bundle: Bundle, run: Run, upstream: Origin) -> AsyncIterator[Running]:
    running = await run(bundle("graphql.js"), env={"ORIGIN": upstream.url}, limits=LIMITS)
    yield running
    assert {record.outcome for record in running.observed.requests} == {Outcome.OK}
    assert running.logged == []


async def ask(api: Running, query: str, status: int = 200, **variables: Any) -> Any:
    body = json.dumps({"query": query, "variables": variables})
    headers = {"content-type": "application/json"}
    answer = await api.fetch("/", method="POST", headers=headers, body=body)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/graphql-response+json"
    return await answer.json()


async def test_a_query_with_variables_and_fragments(api: Running) -> None:
    query = """
      query($kind: Kind) { works(kind: $kind) { __typename id ...book } }
      fragment book on Book { pages author { name works(first: 1) { title } } }
    """
    author = {"name": "Ann", "works": [{"title": "Turns"}]}
    book = {"__typename": "Book", "id": "1", "pages": 80, "author": author}
    assert await ask(api, query, kind="BOOK") == {"data": {"works": [book]}}


async def test_a_query_in_the_url(api: Running) -> None:
    query = urlencode(
        {"query": "query($id: ID!) { work(id: $id) { title } }", "variables": '{"id":2}'}
    )
    assert await api.json(f"/?{query}") == {"data": {"work": {"title": "Isolates"}}}


async def test_a_mutation(api: Running) -> None:
    query = "mutation($book: NewBook!) { add(book: $book) { id title pages } }"
    made = {"id": "3", "title": "T", "pages": None}
    assert await ask(api, query, book={"title": "T"}) == {"data": {"add": made}}


async def test_resolvers_that_fetch(api: Running) -> None:
    query = '{ a: origin(path: "/a") b: origin(path: "/b") c: origin(path: "/c") }'
    data = {name: f"origin /{name}" for name in "abc"}
    assert await ask(api, query) == {"data": data}
    [record] = api.observed.requests
    assert record.subrequests == 3


async def test_an_error_of_a_resolver_is_the_field_s(api: Running) -> None:
    answer = await ask(api, "{ secret work(id: 1) { title } }")
    assert answer["data"] == {"secret": None, "work": {"title": "Turns"}}
    [error] = answer["errors"]
    assert (error["message"], error["path"]) == ("not for you", ["secret"])
    assert error["extensions"] == {"code": "FORBIDDEN"}


async def test_a_query_that_is_wrong(api: Running) -> None:
    [error] = (await ask(api, "{ works { pages } }", status=400))["errors"]
    assert error["message"].startswith('Cannot query field "pages" on type "Work".')
    assert error["locations"] == [{"line": 1, "column": 11}]
    assert (await api.fetch("/")).status == 400
    [error] = (await ask(api, "{ works {", status=400))["errors"]
    assert error["message"] == "Syntax Error: Expected Name, found <EOF>."


async def test_introspection(api: Running) -> None:
    answer = await ask(api, "{ __schema { types { name } queryType { name } } }")
    assert answer["data"]["__schema"]["queryType"] == {"name": "Query"}
    assert {"name": "Book"} in answer["data"]["__schema"]["types"]
