from django.urls import include, path

urlpatterns = [path("", include("accord.doors.web.urls"))]

handler404 = "accord.doors.web.views.site.absent"
handler500 = "accord.doors.web.views.site.broken"
