package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// forgeHost is where the scripted forge is, for git and gh: by a proxy on loopback, as in an
// office.
const forgeHost = "forge.example"

// hub is a forge with one repository: real git over HTTPS, and as much of the API of
// GitHub Enterprise as the real gh asks for. Its pull requests stand in memory.
type hub struct {
	t    *testing.T
	bare string
	env  []string // for the programs that are to find it

	mu   sync.Mutex
	pull map[string]any // the one pull request, nil for none yet
	more map[string]any // what of it is set by hand
}

func startHub(t *testing.T) *hub {
	t.Helper()
	dir := write(t, nil)
	h := &hub{t: t, more: map[string]any{}, bare: filepath.Join(dir, "ann", "thing.git")}
	git(t, dir, "init", "-q", "--bare", "-b", "main", h.bare)
	git(t, h.bare, "config", "http.receivepack", "true")
	cert, ca := certificate(t)
	web := httptest.NewUnstartedServer(h)
	web.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	web.StartTLS()
	t.Cleanup(web.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tunnel(w, r, web.Listener.Addr().String()) }))
	t.Cleanup(proxy.Close)
	home := write(t, map[string]string{
		"ca.pem":                ca,
		".config/gh/hosts.yml":  forgeHost + ":\n    user: ann\n    oauth_token: scripted-forge-token\n    git_protocol: https\n",
		".config/gh/config.yml": "git_protocol: https\n",
	})
	config := fmt.Sprintf("[http]\n\tsslCAInfo = %s\n", filepath.Join(home, "ca.pem"))
	ok(t, os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o600))
	h.env = []string{"HOME=" + home, "XDG_CONFIG_HOME=" + filepath.Join(home, ".config"), "HTTPS_PROXY=" + proxy.URL, "SSL_CERT_FILE=" + filepath.Join(home, "ca.pem")}
	return h
}

// certificate is one for the forge's host, and the file that has programs take it.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: forgeHost}, DNSNames: []string{forgeHost},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	ok(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// tunnel is what a proxy does with CONNECT; whatever the host, it leads to the forge.
func tunnel(w http.ResponseWriter, r *http.Request, to string) {
	if r.Method != http.MethodConnect || r.Host != forgeHost+":443" {
		http.Error(w, "only "+forgeHost, http.StatusForbidden)
		return
	}
	there, err := net.Dial("tcp", to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { io.Copy(there, buffered); there.Close() }()
	io.Copy(here, there)
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/ann/thing.git/"):
		(&cgi.Handler{Path: "/usr/lib/git-core/git-http-backend", Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(filepath.Dir(h.bare)), "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=ann"}}).ServeHTTP(w, r)
	case r.Header.Get("Authorization") != "token scripted-forge-token":
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"message":"Bad credentials"}`)
	case r.URL.Path == "/api/v3/":
		w.Header().Set("X-Oauth-Scopes", "repo, read:org, gist")
		io.WriteString(w, "{}")
	case r.URL.Path == "/api/v3/meta": // newer ones ask for it
		io.WriteString(w, `{"installed_version":"3.17.0"}`)
	case r.URL.Path == "/api/graphql":
		h.graphql(w, r)
	default:
		h.t.Errorf("the forge was asked %s %s", r.Method, r.URL.Path)
		http.NotFound(w, r)
	}
}

var types = regexp.MustCompile(`(\w+)\s*:\s*__type\(`)

var operation = regexp.MustCompile(`(?m)^\s*(?:query|mutation)\s+(\w+)`)

func (h *hub) graphql(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Query     string
		Variables struct{ Input map[string]any }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		h.t.Errorf("the forge got no query: %v", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	name := ""
	if m := operation.FindStringSubmatch(in.Query); m != nil {
		name = m[1]
	}
	w.Header().Set("Content-Type", "application/json")
	answer := h.answer(name, in.Query, in.Variables.Input)
	if answer == nil { // another version of gh asks other things, and may do without an answer
		h.t.Logf("the forge has no answer to %s: %s", name, in.Query)
		io.WriteString(w, `{"errors":[{"message":"not scripted"}]}`)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"data": answer})
}

// answer is what the API says to an operation of gh's, nil for one that it does not know.
func (h *hub) answer(name, query string, input map[string]any) map[string]any {
	if asked := types.FindAllStringSubmatch(query, -1); asked != nil { // what the forge can do
		out := map[string]any{}
		for _, m := range asked {
			out[m[1]] = map[string]any{"fields": []any{map[string]any{"name": "reviewDecision"}, map[string]any{"name": "statusCheckRollup"}}}
		}
		return out
	}
	repository := func(with map[string]any) map[string]any { return map[string]any{"repository": with} }
	switch name {
	case "UserCurrent":
		return map[string]any{"viewer": map[string]any{"login": "ann"}}
	case "PullRequestList":
		nodes := []any{}
		if h.pull != nil {
			nodes = append(nodes, h.node())
		}
		return repository(map[string]any{"pullRequests": map[string]any{"totalCount": len(nodes), "nodes": nodes, "pageInfo": map[string]any{"hasNextPage": false}}})
	case "RepositoryInfo":
		return repository(map[string]any{
			"id": "R1", "name": "thing", "owner": map[string]any{"login": "ann"}, "viewerPermission": "WRITE", "defaultBranchRef": map[string]any{"name": "main"},
			"parent": nil, "mergeCommitAllowed": true, "rebaseMergeAllowed": true, "squashMergeAllowed": true,
		})
	case "PullRequestCreate":
		h.pull = map[string]any{
			"id": "PR7", "number": 7, "url": "https://" + forgeHost + "/ann/thing/pull/7", "state": "OPEN", "mergeable": "MERGEABLE", "mergeStateStatus": "CLEAN",
			"title": input["title"], "body": input["body"], "headRefName": input["headRefName"], "baseRefName": input["baseRefName"], "mergeCommit": nil,
		}
		return map[string]any{"createPullRequest": map[string]any{"pullRequest": map[string]any{"id": "PR7", "url": h.pull["url"]}}}
	case "PullRequestForBranch":
		nodes := []any{}
		if h.pull != nil {
			nodes = append(nodes, h.node())
		}
		return repository(map[string]any{"pullRequests": map[string]any{"nodes": nodes}, "defaultBranchRef": map[string]any{"name": "main"}})
	case "PullRequestByNumber":
		return repository(map[string]any{"pullRequest": h.node()})
	case "PullRequestMerge":
		h.merge(input)
		return map[string]any{"mergePullRequest": map[string]any{"clientMutationId": ""}}
	}
	return nil
}

// merge squashes the pull request onto the forge's main.
func (h *hub) merge(input map[string]any) {
	head := h.ref("refs/heads/task/alpha")
	if input["expectedHeadOid"] != head || input["mergeMethod"] != "SQUASH" {
		h.t.Errorf("the forge was asked to merge %v, and stands at %s", input, head)
	}
	cmd := exec.Command("git", "-C", h.bare, "-c", "user.name=ann", "-c", "user.email=ann@example.invalid", "commit-tree", head+"^{tree}", "-p", "refs/heads/main", "-m", fmt.Sprint(h.pull["title"]))
	out, err := cmd.Output()
	if err != nil {
		h.t.Errorf("merging: %v", err)
		return
	}
	git(h.t, h.bare, "update-ref", "refs/heads/main", strings.TrimSpace(string(out)))
	h.pull["state"], h.pull["mergeCommit"] = "MERGED", map[string]any{"oid": strings.TrimSpace(string(out))}
}

// set has the forge say something else of its pull request.
func (h *hub) set(key string, value any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.more[key] = value
}

// node is the pull request as the API has it.
func (h *hub) node() map[string]any {
	checks := h.more["checks"]
	if checks == nil {
		checks = []any{}
	}
	out := map[string]any{"headRefOid": h.ref("refs/heads/task/alpha"), "statusCheckRollup": map[string]any{"nodes": []any{map[string]any{"commit": map[string]any{
		"statusCheckRollup": map[string]any{"contexts": map[string]any{"nodes": checks, "pageInfo": map[string]any{"hasNextPage": false}}}}}}}}
	for _, from := range []map[string]any{h.pull, h.more} {
		for key, value := range from {
			out[key] = value
		}
	}
	return out
}

// ref is where a ref of the forge's repository stands.
func (h *hub) ref(name string) string {
	out, err := exec.Command("git", "-C", h.bare, "rev-parse", name).Output()
	if err != nil {
		h.t.Errorf("%s of the forge: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}
