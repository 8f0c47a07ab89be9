package web

import (
	"net/http"
)

// LoginPath is where `serve` sends the browser when a token is set; the one-use
// key follows as ?key=.
const LoginPath = "/login"

// login sets the cookie that stands for the token, for who brings the one-use key.
// The token itself never stands in an address, where it would end in histories.
func (s *Server) login(w http.ResponseWriter, r *request) error {
	w.Header().Set("Cache-Control", "no-store")
	if s.Settings.Token == "" {
		return redirect(w, r, "/")
	}
	if r.Method != http.MethodGet { // HEAD: a preview must not use the key up
		return send(w, r, http.StatusOK, "text/plain; charset=utf-8", nil)
	}
	if !same(r.URL.Query().Get("key"), s.LoginKey) || !s.loginUsed.CompareAndSwap(false, true) {
		return refuse(http.StatusForbidden, "this login address is wrong or was used already").
			withHint("start tasks serve again for a new one")
	}
	http.SetCookie(w, &http.Cookie{
		Name: r.door.guard.loginCookie, Value: r.door.guard.login, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	return redirect(w, r, "/")
}
