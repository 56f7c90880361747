"""The views of the school. Only `chat_token` and `purchase` know of Parley; the rest is told by the hooks."""

import base64
import json
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from parley_host import ParleyError

from . import chat

View = Callable[[HttpRequest], HttpResponse]
OfUser = Callable[[HttpRequest, User], HttpResponse]


def signed_in(view: OfUser) -> View:
    """Lets users in with HTTP Basic, to keep the example short: your sessions, or any other sign-in, come here."""

    @csrf_exempt
    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        name, password = credentials(request)
        user = authenticate(request, username=name, password=password)
        if not isinstance(user, User):
            return HttpResponse(status=401, headers={"WWW-Authenticate": "Basic"})
        return told(lambda: view(request, user))

    return checked


def credentials(request: HttpRequest) -> tuple[str, str]:
    _, _, given = request.headers.get("Authorization", "").partition("Basic ")
    try:
        name, _, password = base64.b64decode(given).decode().partition(":")
    except ValueError:  # no Base64, or no UTF-8
        return "", ""
    return name, password


def told(act: Callable[[], HttpResponse]) -> HttpResponse:
    """The user is stored here, and Parley may learn it later: a job of yours repeats what may pass.

    Parley refuses the same request again: the mistake is in the form, or in this server.
    """
    try:
        return act()
    except ParleyError as error:
        return JsonResponse({"detail": str(error)}, status=503 if error.may_pass else 422)


@csrf_exempt
@require_http_methods(["POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    form = json.loads(request.body)
    if User.objects.filter(username=form["user_id"]).exists():
        return HttpResponse(status=409)
    return told(lambda: stored(form))


@transaction.atomic
def stored(form: dict[str, str]) -> HttpResponse:
    user = User.objects.create_user(form["user_id"], password=form["password"], first_name=form["name"])
    if form["role"] == "teacher":  # in a real school, the office gives roles
        user.groups.add(Group.objects.get_or_create(name=chat.TEACHERS)[0])
    user.groups.add(group_of(form["class_id"]))
    return JsonResponse({"user_id": str(user.pk)}, status=201)


def group_of(class_id: str) -> Group:
    return Group.objects.get_or_create(name=chat.CLASS + class_id)[0]


@signed_in
@require_http_methods(["POST"])
def chat_token(request: HttpRequest, user: User) -> HttpResponse:
    """Gives the browser its token for Parley. It asks again before the token's hour is over."""
    return JsonResponse({"token": chat.signer.user_token(user.pk), "url": settings.PARLEY_URL})


@signed_in
@require_http_methods(["PATCH", "DELETE"])
def me(request: HttpRequest, user: User) -> HttpResponse:
    if request.method == "DELETE":
        user.delete()
        return HttpResponse(status=202)
    return changed(user, json.loads(request.body))


@transaction.atomic
def changed(user: User, form: dict[str, str]) -> HttpResponse:
    if "name" in form:
        user.first_name = form["name"]
        user.save()
    if "class_id" in form:
        others = [group for group in user.groups.all() if not group.name.startswith(chat.CLASS)]
        user.groups.set([*others, group_of(form["class_id"])])
    return JsonResponse({})


@signed_in
@require_http_methods(["POST"])
def purchase(request: HttpRequest, user: User) -> HttpResponse:
    """A student buys a lesson, and their conversation with the teacher is open."""
    form = json.loads(request.body)
    teacher = get_object_or_404(User, pk=form["teacher_id"])
    return JsonResponse({"conversation_id": chat.bought(form["booking_id"], user, teacher)}, status=201)
