package wire

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"tasks/internal/fault"
)

// parseBase checks a base URL and makes the address to ask of it.
func (a API) parseBase(base string) (*url.URL, error) {
	name := a.setting("BASE_URL")
	const hint = "it looks like https://host/v1, or http://127.0.0.1:PORT/v1 for a server on this machine"
	u, err := url.Parse(strings.TrimSpace(base))
	if err != nil { // its text would repeat the URL, which may hold a password
		return nil, fault.New(fault.Invalid, "%s is not a URL", name).WithHint(hint)
	}
	switch {
	case u.User != nil:
		return nil, fault.New(fault.Forbidden, "%s holds a user name or password: they would end up in logs", name).
			WithHint("put the key in %s and take it out of the URL", a.setting("API_KEY"))
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fault.New(fault.Invalid, "%s is not an address of the web", name).WithHint(hint)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fault.New(fault.Invalid, "%s has a ? or # part: it must be a plain address", name).WithHint(hint)
	case isMetadata(u.Hostname()):
		return nil, fault.New(fault.Forbidden, "%s points at %s, an address for the network's own services: no key is sent there", name, u.Hostname())
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, fault.New(fault.Forbidden, "%s is plain http to %s: key and documents could be read on the way", name, u.Host).
			WithHint("use https, or a tunnel to a port of this machine")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: a.Path(strings.TrimRight(u.Path, "/"))}, nil
}

// isLoopback tells whether a host name means this machine.
func isLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// isMetadata tells whether a host is one where clouds keep credentials, or another
// address that cannot be a model server.
func isMetadata(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "metadata" || host == "metadata.google.internal" || host == "instance-data" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && forbiddenIP(ip)
}

var metadataIPs = map[netip.Addr]bool{
	netip.MustParseAddr("100.100.100.200"): true, // Alibaba Cloud
	netip.MustParseAddr("192.0.0.192"):     true, // Oracle Cloud
	netip.MustParseAddr("fd00:ec2::254"):   true, // AWS
}

func forbiddenIP(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	return ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || metadataIPs[ip]
}

// newHTTPClient makes the client for one endpoint.
func (a API) newHTTPClient(u *url.URL, cfg Config) *http.Client {
	if cfg.Transport != nil {
		return &http.Client{CheckRedirect: a.checkRedirect, Transport: cfg.Transport}
	}
	local := isLoopback(u.Hostname())
	proxy := http.ProxyFromEnvironment
	if local {
		proxy = nil
	}
	dialer := &net.Dialer{
		Timeout:   cfg.Timeouts.Connect,
		KeepAlive: 30 * time.Second,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			return checkDial(address, local)
		},
	}
	return &http.Client{
		CheckRedirect: a.checkRedirect,
		Transport: &http.Transport{
			Proxy:                  proxy,
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    cfg.Timeouts.Connect,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true, // a compressed stream arrives in lumps
		},
	}
}

// checkDial looks at the address a name led to, since a name can be made to lead
// anywhere.
func checkDial(address string, local bool) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	switch ip := ap.Addr().Unmap(); {
	case local && !ip.IsLoopback():
		return fault.New(fault.Forbidden, "the model server's name should mean this machine, but leads to %s: nothing was sent", ip)
	case forbiddenIP(ip):
		return fault.New(fault.Forbidden, "the model server's name leads to %s, an address for the network's own services: nothing was sent", ip)
	}
	return nil
}

// checkRedirect lets a server move what it serves about on itself, no more: what
// is sent holds the key and the user's documents.
func (a API) checkRedirect(req *http.Request, via []*http.Request) error {
	from := via[0].URL
	if req.URL.Scheme == from.Scheme && strings.EqualFold(req.URL.Host, from.Host) &&
		req.Method == http.MethodPost && len(via) <= 3 && req.URL.User == nil {
		return nil
	}
	return fault.New(fault.Unavailable, "%s sends us on to %s://%s: the key and the question were not sent there", from.Host, req.URL.Scheme, short(req.URL.Host, 80)).
		WithHint("if that is the right server, set %s to it", a.setting("BASE_URL"))
}
