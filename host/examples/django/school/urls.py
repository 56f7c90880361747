"""The addresses of the school."""

from django.urls import path

from . import views

urlpatterns = [
    path("sign-up", views.sign_up),
    path("chat-token", views.chat_token),
    path("me", views.me),
    path("purchases", views.purchase),
]
