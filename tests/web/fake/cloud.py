"""The API, S3 and the inbox over HTTP."""

import asyncio
import email.parser
import email.policy
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.web.fake.classifier import classify, copy_of
from tests.web.fake.issuer import Issuer
from tests.web.fake.model import LiveModel
from tests.web.fake.operating import Operating
from tests.web.fake.reviews import Reviews
from tests.web.fake.store import Item, Picture, Store, page_of

MAX_BYTES = 25 * 1024 * 1024
Answering = Callable[[Request], Awaitable[Response]]
_ALLOWED = {
    "/groups": {"name", "description", "visibility", "ownerName"},
    "images": {"title", "fileName", "contentType"},
}


class Cloud:
    """The fake cloud's HTTP face. `refusals` are S3's answers to the next uploads."""

    def __init__(self, store: Store, issuer: Issuer) -> None:
        self.store = store
        self.issuer = issuer
        self.reviews = Reviews(store, issuer)
        self.model = LiveModel(issuer)
        self.operating = Operating(issuer)
        # The name of the picture that is tried, from which its answer follows.
        self.tried = "seven"
        self.refusals: list[tuple[int, str]] = []
        self.upload_seconds = 0.0
        self.predict_open = True
        self.reads_open = True

    def app(self, page_origin: str) -> Starlette:
        """CORS for the page's origin only, as the deployed API has it."""
        cors = Middleware(
            CORSMiddleware,
            allow_origins=[page_origin],
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type", "idempotency-key", "if-none-match"],
            expose_headers=["etag"],
        )
        routes = [
            *self._reading("/groups", self._groups, "POST"),
            *self._reading("/groups/{group_id}", self._group, "PATCH", "DELETE"),
            *self._reading("/groups/{group_id}/images", self._images, "POST"),
            Route("/signed-in/images", self._find),
            *self._reading("/images/{image_id}", self._image, "PATCH", "DELETE"),
            *self._reading("/images/{image_id}/history", self._history),
            Route("/images/{image_id}/retry", self._retry, methods=["POST"]),
            Route("/images/{image_id}/label", self._correct, methods=["POST"]),
            Route("/predict", self._predict, methods=["POST"]),
            Route("/predict_with_auth", self._predict, methods=["POST"]),
            Route("/copies/{image_id}/{pixels:int}", self._copy),
            Route("/uploads", self._upload, methods=["POST"]),
            Route("/uploads/{image_id}", self._original),
            Route("/processed/{image_id}", self._annotated),
            Route("/_loupe/inbox", self._inbox),
            *self.reviews.routes(),
            *self.model.routes(),
            *self.operating.routes(),
            *self.issuer.routes(),
        ]
        return Starlette(routes=routes, middleware=[cors])

    def _reading(self, path: str, answer: Answering, *methods: str) -> list[Route]:
        """A reading route, and the same for who is signed in."""

        async def read(request: Request) -> Response:
            is_closed = not self.reads_open or request.url.path.startswith("/signed-in")
            if request.method == "GET" and is_closed and self._signed_in(request) is None:
                return _problem(401, "Sign in.")
            return await answer(request)

        return [Route(path, read, methods=["GET", *methods]), Route(f"/signed-in{path}", read)]

    async def _groups(self, request: Request) -> Response:
        if request.method == "GET":
            shown = [
                group
                for group in self.store.groups.values()
                if group["visibility"] == "public" or self._subject(request) == group["ownerId"]
            ]
            return _page(request, sorted(shown, key=lambda group: str(group["createdAt"]), reverse=True))
        owner = self._signed_in(request)
        wish = await _wish(request, _ALLOWED["/groups"])
        if owner is None or not isinstance(wish, dict):
            return _problem(401, "Unauthorized") if owner is None else _problem(400, wish)
        if not str(wish.get("name", "")).strip():
            return _problem(400, "name: too short.")
        group = self.store.add_group(wish["name"], wish.get("description", ""), owner)
        group["visibility"] = wish.get("visibility", "public")
        group["ownerName"] = wish.get("ownerName", "")
        return JSONResponse({"newItem": group}, 201)

    async def _group(self, request: Request) -> Response:
        group = self._seen_group(request, request.path_params["group_id"])
        if request.method == "GET":
            if group is None:
                return _problem(404, "There is no such group.")
            shown = self.store.shown_of_group(group["id"], self._reader(request))
            return JSONResponse({"result": group, "images": {"count": len(shown), "complete": True}})
        refusal = self._refusal(request, group, "group")
        if refusal is not None or group is None:
            return refusal or Response(status_code=404)
        if request.method == "PATCH":
            group |= await request.json()
            return JSONResponse({"result": group})
        del self.store.groups[group["id"]]
        for picture in self.store.of_group(group["id"]):
            del self.store.pictures[picture.image_id]
        return Response(status_code=204)

    async def _images(self, request: Request) -> Response:
        group_id = request.path_params["group_id"]
        if self._seen_group(request, group_id) is None:
            return _problem(404, "There is no such group.")
        base = str(request.base_url).rstrip("/")
        if request.method == "GET":
            pictures = self.store.shown_of_group(group_id, self._reader(request))
            return _page(request, [self.store.rendered(picture, base) for picture in pictures])
        owner = self._signed_in(request)
        wish = await _wish(request, _ALLOWED["images"])
        if owner is None or not isinstance(wish, dict):
            return _problem(401, "Unauthorized") if owner is None else _problem(400, wish)
        picture = self.store.announce(group_id, owner, wish)
        fields = {
            "key": f"uploads/{picture.image_id}",
            "Content-Type": picture.content_type,
            "policy": "e30=",
        }
        upload = {"url": f"{base}/uploads", "fields": fields, "maxBytes": MAX_BYTES}
        return JSONResponse({"newItem": self.store.rendered(picture, base), "upload": upload}, 201)

    async def _find(self, request: Request) -> Response:
        """By status, time, error and part of the title; of the reader's own and public groups' pictures."""
        reader = self._signed_in(request)
        if reader is None:
            return _problem(401, "Sign in.")
        base = str(request.base_url).rstrip("/")
        query = request.query_params
        rendered = [self.store.rendered(each, base) for each in self.store.pictures.values()]
        found = [
            each
            for each in sorted(rendered, key=lambda each: str(each["createdAt"]), reverse=True)
            if query.get("status", each["status"]) == each["status"]
            and query.get("search", "").casefold() in each["title"].casefold()
            and query.get("error") in (None, (each["error"] or {}).get("name"))
            and query.get("from", "") <= str(each["createdAt"]) < query.get("before", "~")
            and (each["ownerId"] == reader or self.store.groups[each["groupId"]]["visibility"] == "public")
        ]
        if query.get("sort") in ("surest", "leastSure"):
            sure = [each for each in found if each["confidence"] is not None and not query.get("model")]
            sure.sort(key=lambda each: float(each["confidence"]), reverse=query["sort"] == "surest")
            return JSONResponse({"items": sure, "nextToken": None, "compared": len(sure)})
        return _page(request, found)

    async def _image(self, request: Request) -> Response:
        picture = self._seen_picture(request)
        if request.method == "GET":
            if picture is None or not self.store.shown_to(picture, self._reader(request)):
                return _problem(404, "There is no such image.")
            return JSONResponse({"result": self.store.rendered(picture, str(request.base_url).rstrip("/"))})
        refusal = self._refusal(request, {"ownerId": picture.owner_id} if picture else None, "image")
        if refusal is not None or picture is None:
            return refusal or Response(status_code=404)
        if request.method == "PATCH":
            wish = await request.json()
            if "groupId" in wish and self._seen_group(request, wish["groupId"]) is None:
                return _problem(404, "There is no such group.")
            picture.group_id = wish.get("groupId", picture.group_id)
            picture.title = wish.get("title", picture.title)
            return JSONResponse({"result": self.store.rendered(picture, str(request.base_url).rstrip("/"))})
        del self.store.pictures[picture.image_id]
        return Response(status_code=204)

    async def _retry(self, request: Request) -> Response:
        picture = self._picture(request)
        refusal = self._refusal(request, {"ownerId": picture.owner_id} if picture else None, "image")
        if refusal is not None or picture is None:
            return refusal or Response(status_code=404)
        body = await request.body()
        picture.threshold = json.loads(body)["threshold"] if body else None
        self.store.take_in(picture, picture.data)
        return Response(status_code=202)

    async def _correct(self, request: Request) -> Response:
        """For its owner and for reviewers, as the API has it."""
        picture = self._picture(request)
        subject = self._signed_in(request)
        if picture is None or subject is None:
            return _problem(404, "There is no such image.") if subject else _problem(401, "Unauthorized")
        if subject not in (picture.owner_id, self.issuer.subject_named("reviewer-ann")):
            return _problem(403, "Only its owner, or a reviewer, may correct this image.")
        wish = await _wish(request, {"choice", "label"})
        assert isinstance(wish, dict)
        picture.correction = (wish["choice"], wish["label"])
        return Response(status_code=204)

    async def _predict(self, request: Request) -> Response:
        if not self.predict_open and self._signed_in(request) is None:
            return _problem(401, "Sign in and use /predict_with_auth.")
        answer = classify(self.tried, await request.body())
        labels = [each["label"] for each in answer.predictions]
        scores = [each["score"] for each in answer.predictions]
        return JSONResponse({"imageUrl": None, "top5": labels, "prob5": scores})

    async def _copy(self, request: Request) -> Response:
        """A copy without metadata, as the workflow makes them."""
        picture = self._picture(request)
        if picture is None:
            return _s3_problem(404, "NoSuchKey")
        pixels = request.path_params["pixels"]
        return Response(copy_of(picture.data, pixels), media_type="image/webp")

    async def _history(self, request: Request) -> Response:
        picture = self._seen_picture(request)
        if picture is None:
            return _problem(404, "There is no such image.")
        items = picture.course.history(self.store.clock()) if picture.course else []
        return JSONResponse({"items": items})

    async def _upload(self, request: Request) -> Response:
        await asyncio.sleep(self.upload_seconds)
        fields = _multipart(request.headers["content-type"], await request.body())
        if self.refusals:
            return _s3_problem(*self.refusals.pop(0))
        picture = self.store.pictures.get(str(fields["key"], "utf-8").rpartition("/")[2])
        if picture is None or list(fields)[-1] != "file":
            return _s3_problem(403, "AccessDenied")
        if str(fields.get("Content-Type", b""), "utf-8") != picture.content_type:
            return _s3_problem(403, "AccessDenied")
        if len(fields["file"]) > MAX_BYTES:
            return _s3_problem(400, "EntityTooLarge")
        self.store.take_in(picture, fields["file"])
        return Response(status_code=204)

    async def _original(self, request: Request) -> Response:
        picture = self._picture(request)
        if picture is None or not picture.data:
            return _s3_problem(404, "NoSuchKey")
        return Response(picture.data, media_type=picture.content_type)

    async def _annotated(self, request: Request) -> Response:
        picture = self._picture(request)
        if picture is None or not picture.annotated:
            return _s3_problem(404, "NoSuchKey")
        return Response(picture.annotated, media_type="image/jpeg")

    async def _inbox(self, request: Request) -> Response:
        limit = int(request.query_params.get("limit", "1000"))
        return _tagged(request, self.store.inbox[-limit:])

    def _picture(self, request: Request) -> Picture | None:
        return self.store.pictures.get(request.path_params["image_id"])

    def _seen_picture(self, request: Request) -> Picture | None:
        picture = self._picture(request)
        if picture is None or self._subject(request) == picture.owner_id:
            return picture
        return picture if self._seen_group(request, picture.group_id) else None

    def _seen_group(self, request: Request, group_id: str) -> Item | None:
        group = self.store.groups.get(group_id)
        if group is None or group["visibility"] != "private" or self._subject(request) == group["ownerId"]:
            return group
        return None

    def _subject(self, request: Request) -> str | None:
        """Who is known to ask: API Gateway looks at no token of a route that is open."""
        is_open = request.method == "GET" and not request.url.path.startswith("/signed-in")
        return None if is_open else self._signed_in(request)

    def _signed_in(self, request: Request) -> str | None:
        return self.issuer.subject_of(request.headers.get("authorization"))

    def _reader(self, request: Request) -> str | None:
        """Who asks, on the routes that know it."""
        return self._signed_in(request) if request.url.path.startswith("/signed-in/") else None

    def _refusal(self, request: Request, thing: Item | None, kind: str) -> Response | None:
        """Why somebody may not delete a thing; None when they may."""
        subject = self._signed_in(request)
        if subject is None:
            return JSONResponse({"message": "Unauthorized"}, 401)
        if thing is None:
            return _problem(404, f"There is no such {kind}.")
        return (
            None if thing["ownerId"] == subject else _problem(403, f"Only its owner may delete this {kind}.")
        )


def _page(request: Request, items: list[Item]) -> Response:
    limit = int(request.query_params.get("limit", "50"))
    if not 1 <= limit <= 100:
        return _problem(400, "limit: between 1 and 100.")
    return _tagged(request, page_of(items, limit, request.query_params.get("nextToken")))


def _tagged(request: Request, document: Any) -> Response:
    """With an ETag, which presigned URLs don't change; 304 to who has it already."""
    lasting = re.sub(r"\?X-Amz-[^\"]*", "", json.dumps(document))
    etag = f'"{hashlib.sha256(lasting.encode()).hexdigest()[:16]}"'
    headers = {"ETag": etag}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return JSONResponse(document, headers=headers)


async def _wish(request: Request, allowed: set[str]) -> dict[str, Any] | str:
    wish = json.loads(await request.body())
    unknown = set(wish) - allowed
    return f"{sorted(unknown)[0]}: unknown field." if unknown else wish


def _problem(status: int, message: object) -> Response:
    return JSONResponse({"error": message}, status)


def _s3_problem(status: int, code: str) -> Response:
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return Response(text, status, media_type="application/xml")


def _multipart(content_type: str, body: bytes) -> dict[str, bytes]:
    """The form's fields in their order."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    fields: dict[str, bytes] = {}
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            fields[str(part.get_param("name", header="content-disposition"))] = content
    return fields
