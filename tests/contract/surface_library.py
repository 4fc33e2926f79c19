"""Connection, collections, searches and indexes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import videodb
from videodb.exceptions import InvalidRequestError
from videodb.index import Index
from videodb.job import GenerationJob
from videodb.search import SearchFactory, SemanticSearch

from tests.contract.surface import (
    Bench,
    all_work,
    prevented,
    works,
)

BUDGET = "budget discussion"
SCREEN = "the text on the screen is read; pictures are not described"


def apart(b: Bench) -> Any:
    """A connection of its own: the SDK's uploads go where it looked last."""
    return b.once("apart", lambda: videodb.connect(api_key=b.key, base_url=b.url))


def collection(b: Bench) -> Any:
    return apart(b).create_collection("a/b \U0001f3ac\n", "made by a test")


def gone(call: Callable[[], Any]) -> bool:
    """What was deleted is not there any more."""
    with pytest.raises(InvalidRequestError) as caught:
        call()
    return caught.value.response.status_code in (404, 410)


def job(b: Bench) -> str:
    """The id of a download's job that has ended."""

    def make() -> str:
        data = {"stream_link": b.video.stream_url, "name": "n"}
        job_id = b.sdk.post("download", data=data, wait=False)["id"]
        b.sdk.wait_for_job(job_id, timeout=60, interval=1)
        return str(job_id)

    return str(b.once("job", make))


def index(b: Bench) -> Index:
    """An index of records of our own."""
    records = [{"start": 0, "end": 2, "text": "a slide about rivers"}]
    return b.once("index", lambda: b.video.index(records, name="slides"))


def lists_what_it_made(b: Bench) -> bool:
    made = collection(b)
    return made.id in [one.id for one in apart(b).get_collections()]


all_work(
    {
        "_http_client.HttpClient.get": lambda b: "collections" in b.sdk.get("collection"),
        "_http_client.HttpClient.post": lambda b: "token" in b.sdk.post("capture/session/token"),
        "_http_client.HttpClient.patch": lambda b: (
            b.sdk.patch(f"video/{b.video.id}", data={"name": "Session"})["name"] == "Session"
        ),
        "_http_client.HttpClient.delete": lambda b: (
            b.sdk.delete(f"video/{b.video.id}/storage")["id"] == b.video.id
        ),
        "client.Connection.get_collection": lambda b: b.sdk.get_collection().id == "default",
        "client.Connection.get_collections": lists_what_it_made,
        "client.Connection.create_collection": lambda b: collection(b).name == "a/b \U0001f3ac\n",
        "client.Connection.check_usage": lambda b: b.sdk.check_usage()["seconds"] > 1,
        "client.Connection.download": lambda b: (
            b.sdk.download(b.video.stream_url, "film")["size"] > 1000
        ),
        "client.Connection.get_job_status": lambda b: (
            b.sdk.get_job_status(job(b))["status"] == "done"
        ),
        "client.Connection.wait_for_job": lambda b: b.sdk.wait_for_job(job(b))["size"] > 1000,
        "client.Connection.get_async_response": lambda b: (
            b.sdk.get_async_response(job(b))["result"]["size"] > 1000
        ),
        "job.GenerationJob.from_data": lambda b: (
            GenerationJob.from_data(b.sdk, {"job_id": job(b)}).job_id == job(b)
        ),
        "job.GenerationJob.refresh": lambda b: (
            GenerationJob(b.sdk, job(b)).refresh().status == "done"
        ),
        "job.GenerationJob.wait": lambda b: "download_url" in GenerationJob(b.sdk, job(b)).wait(),
        "collection.Collection.get_videos": lambda b: (
            b.video.id in [one.id for one in b.collection.get_videos()]
        ),
        "collection.Collection.get_video": lambda b: b.collection.get_video(b.video.id).length > 1,
        "collection.Collection.get_audios": lambda b: (
            b.audio.id in [one.id for one in b.collection.get_audios()]
        ),
        "collection.Collection.get_audio": lambda b: b.collection.get_audio(b.audio.id).length > 1,
        "collection.Collection.search": lambda b: (
            "budget" in b.collection.search(BUDGET).shots[0].text.lower()
        ),
        "collection.Collection.semantic_search": lambda b: (
            len(b.collection.semantic_search(BUDGET, top_k=2)) > 0
        ),
        "collection.Collection.query": lambda b: len(b.collection.query(limit=5)) > 0,
        "collection.Collection.legacy_search": lambda b: (
            b.collection.legacy_search(BUDGET).shots[0].search_score > 0.2
        ),
        "collection.Collection.search_title": lambda b: b.collection.search_title(b.video.name)[0][
            "video"
        ].id.startswith("m-"),
    }
)


@works("_http_client.HttpClient.put", note="no call of the SDK uses it; the engine answers 405")
def _put(b: Bench) -> bool:
    with pytest.raises(InvalidRequestError) as caught:
        b.sdk.put("collection", data={})
    return caught.value.response.status_code == 405


@works("client.Connection.update_collection")
def _update(b: Bench) -> bool:
    made = collection(b)
    return apart(b).update_collection(made.id, "renamed", "new").name == "renamed"


@works("collection.Collection.delete")
def _delete(b: Bench) -> bool:
    made = collection(b)
    made.delete()
    return gone(lambda: apart(b).get_collection(made.id))


@works("collection.Collection.make_public", "collection.Collection.make_private")
def _public(b: Bench) -> bool:
    made = collection(b)
    made.make_public()
    assert apart(b).get_collection(made.id).is_public
    made.make_private()
    return not apart(b).get_collection(made.id).is_public


# -- searches


all_work(
    {
        "search.SearchResult.get_shots": lambda b: b.video.query().get_shots()[0].start >= 0,
        "search.SearchResult.compile": lambda b: b.video.query().compile().endswith("master.m3u8"),
        "search.SearchResult.get_embed_code": lambda b: (
            "/embed?v=" in b.video.query().get_embed_code()
        ),
        "search.SearchResponse.get_shot_results": lambda b: (
            len(b.video.search(BUDGET).get_shot_results()) > 0
        ),
        "search.SearchResponse.compile": lambda b: (
            b.video.search(BUDGET).compile().endswith("master.m3u8")
        ),
        "search.SearchResponse.get_embed_code": lambda b: (
            "/embed?v=" in b.video.search(BUDGET).get_embed_code()
        ),
        "search.SearchResponse.get_shots": lambda b: len(b.video.search(BUDGET).get_shots()) > 0,
        "search.SearchFactory.get_search": lambda b: isinstance(
            SearchFactory(b.sdk).get_search("semantic"), SemanticSearch
        ),
        "search.SemanticSearch.search_inside_video": lambda b: (
            len(
                SemanticSearch(b.sdk).search_inside_video(
                    b.video.id, BUDGET, "semantic", "spoken_word"
                )
            )
            > 0
        ),
        "search.SemanticSearch.search_inside_collection": lambda b: (
            len(
                SemanticSearch(b.sdk).search_inside_collection(
                    "default", BUDGET, "semantic", "spoken_word"
                )
            )
            > 0
        ),
        "search.KeywordSearch.search_inside_video": lambda b: (
            len(
                SearchFactory(b.sdk)
                .get_search("keyword")
                .search_inside_video(b.video.id, "budget", "keyword", "spoken_word")
            )
            > 0
        ),
        "shot.Shot.generate_stream": lambda b: (
            b.video.search(BUDGET).shots[0].generate_stream().endswith("master.m3u8")
        ),
        "shot.Shot.get_embed_code": lambda b: (
            "/embed?v=" in b.video.search(BUDGET).shots[0].get_embed_code()
        ),
    }
)


@works("search.SceneSearch.search_inside_video", note=SCREEN)
def _scene_search(b: Bench) -> bool:
    index_id = b.video.index_visuals()
    (shot, *_) = b.video.legacy_search("travel", search_type="scene").shots
    assert shot.scene_index_id == index_id
    found = b.video.legacy_search("travel", search_type="scene", index_id=index_id).shots
    return "Travel" in shot.text and found[0].text == shot.text


@prevented(
    "search.Search.search_inside_video",
    "search.Search.search_inside_collection",
    note="abstract: the kinds of search implement it",
)
def _abstract(b: Bench) -> bool:
    return bool(SearchFactory(b.sdk).get_search("semantic"))


@prevented(
    "search.KeywordSearch.search_inside_collection",
    "search.SceneSearch.search_inside_collection",
    note="raises NotImplementedError without a request; `collection.search()` works",
)
def _unimplemented(b: Bench) -> bool:
    for kind in ("keyword", "scene"):
        with pytest.raises(NotImplementedError):
            b.collection.legacy_search(BUDGET, search_type=kind)
    return True


@prevented(
    "video.Video.play",
    "shot.Shot.play",
    "search.SearchResult.play",
    "search.SearchResponse.play",
    "rtstream.RTStreamShot.play",
    note="opens VideoDB's website with the local address; `get_embed_code()` and `player_url` play",
)
def _plays(b: Bench) -> bool:
    b.opened.clear()
    moments = b.video.search(BUDGET)
    rtshots = b.mic.search(BUDGET).shots
    for each in (b.video, moments.shots[0], moments.results, moments, rtshots[0]):
        each.play()
    return [url.startswith("https://console.videodb.io/player") for url in b.opened] == [True] * 5


# -- indexes


all_work(
    {
        "video.Video.index": lambda b: index(b).status == "ready",
        "video.Video.get_index": lambda b: (
            b.video.get_index(name="slides").index_id == index(b).index_id if index(b) else False
        ),
        "video.Video.list_indexes": lambda b: (
            "spoken_word" in [one.name for one in b.video.list_indexes()]
        ),
        "index.Index.update_from_response": lambda b: (
            index(b)
            .update_from_response({"index_id": index(b).index_id, "status": "ready"})
            .is_complete
        ),
        "index.Index.is_complete": lambda b: index(b).refresh().is_complete,
        "index.Index.is_successful": lambda b: index(b).refresh().is_successful,
        "index.Index.refresh": lambda b: index(b).refresh().record_count == 1,
        "index.Index.wait_until_complete": lambda b: (
            index(b).wait_until_complete(timeout=5, poll_interval=1).is_complete
        ),
        "index.Index.records": lambda b: (
            index(b).records()[0].data["text"] == "a slide about rivers"
        ),
    }
)


def _drops(b: Bench, delete: Callable[[Any], Any]) -> bool:
    made = b.video.index([{"start": 0, "end": 1, "text": "short lived"}], name="dropped")
    delete(made)
    return made.index_id not in [one.index_id for one in b.video.list_indexes()]


all_work(
    {
        "video.Video.delete_index": lambda b: _drops(
            b, lambda made: b.video.delete_index(made.index_id)
        ),
        "index.Index.delete": lambda b: _drops(b, lambda made: made.delete()),
    }
)
