"""Pages that show no record: where to begin, what we promise, enrolling, and the two pages for no."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def home(request: HttpRequest) -> HttpResponse: ...
def promise(request: HttpRequest) -> HttpResponse: ...
def language(request: HttpRequest) -> HttpResponse: ...
def enrol(request: HttpRequest) -> HttpResponse: ...


def absent(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    return render(request, "500.html", status=500)
