package main

import (
	"net/http/httptest"
	"testing"
)

func get(path string) (int, string) {
	answer := httptest.NewRecorder()
	handler().ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
	return answer.Code, answer.Body.String()
}

func TestHello(t *testing.T) {
	if code, body := get("/"); code != 200 || body != "Hello World!\n" {
		t.Errorf("got %d %q", code, body)
	}
}

func TestTarget(t *testing.T) {
	t.Setenv("TARGET", "Knative")
	if code, body := get("/?x=1"); code != 200 || body != "Hello Knative!\n" {
		t.Errorf("got %d %q", code, body)
	}
}

func TestHealthAndUnknownPath(t *testing.T) {
	if code, _ := get("/healthz"); code != 200 {
		t.Errorf("healthz: got %d", code)
	}
	if code, _ := get("/nothing"); code != 404 {
		t.Errorf("unknown path: got %d", code)
	}
}
