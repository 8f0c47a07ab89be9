package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"

	"tasks/internal/fault"
	"tasks/internal/store"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	addr      string // "" where not given
	noManager bool
	open      bool
	dev       bool
	scripted  bool     // the demo's model answers; pages say so
	starters  []string // questions that the drawer offers in place of each page's own
}

func newServe(a *app) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve [--addr HOST:PORT] [--no-manager] [--open] [--dev]",
		Short: "Serve the site, the assistant and the queue on this machine",
		Long: `Serve the repository's tasks and documents as a local website, with the
assistant in its drawer. Only this machine can reach it.`,
		Example: `  tasks serve
  tasks serve --addr 127.0.0.1:0 --open`,
		Args: nothing,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.serve(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.addr, "addr", "", "listen on `HOST:PORT`, a loopback address; port 0 picks one (default 127.0.0.1:8005)")
	f.BoolVar(&o.noManager, "no-manager", false, "do not act on the queue")
	f.BoolVar(&o.open, "open", false, "open the site in the browser")
	f.BoolVar(&o.dev, "dev", false, "read templates and assets from the sources below the working directory")
	return cmd
}

// serve runs the server until ctx ends.
func (a *app) serve(ctx context.Context, o serveOptions) error {
	if o.addr != "" { // a wrong call is one wherever it is made
		if _, err := loopbackAddr(o.addr); err != nil {
			return err
		}
	}
	h, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer h.close()
	flags := map[string]string{}
	if o.addr != "" {
		flags["addr"] = o.addr
	}
	if err := a.load(ctx, h, flags); err != nil {
		return err
	}
	addr, err := loopbackAddr(h.settings.Addr)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, h.git.StateDir())
	if err != nil {
		return err
	}
	defer db.Close()
	place, err := claimServer(db.Dir)
	if err != nil {
		return err
	}
	defer place.release()
	ln, err := listen(ctx, addr)
	if err != nil {
		return err
	}
	defer ln.Close()
	p, err := a.build(ctx, h, db, o)
	if err != nil {
		return err
	}
	url := "http://" + ln.Addr().String() + "/"
	if err := place.announce(url); err != nil {
		p.close()
		return err
	}
	fmt.Fprintf(a.stdout, "listening on %s\n", url)
	if p.loginKey != "" {
		url += "login?key=" + p.loginKey
		fmt.Fprintf(a.stdout, "log this browser in, once: %s\n", url)
	}
	if o.open {
		openBrowser(p.log, url)
	}
	return p.run(ctx, ln)
}

// loopbackAddr checks and completes the address to listen on.
func loopbackAddr(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err == nil && host == "localhost" {
		host = "127.0.0.1"
	}
	ip, ipErr := netip.ParseAddr(host)
	n, portErr := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil || portErr != nil:
		return "", fault.New(fault.Usage, "the address %q is not HOST:PORT", addr).WithHint("for example --addr 127.0.0.1:8005")
	case ipErr != nil || !ip.Unmap().IsLoopback() || ip.Zone() != "":
		return "", fault.New(fault.Usage, "the address %q is not one of this machine alone: others could reach your files", addr).
			WithHint("use 127.0.0.1; for another machine's browser forward the port with ssh -L")
	}
	return net.JoinHostPort(ip.Unmap().String(), strconv.FormatUint(n, 10)), nil
}

// listen opens the port.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case err == nil:
		return ln, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fault.New(fault.Conflict, "%s is in use: another program listens there", addr).
			WithHint("choose another port with --addr, or let --addr 127.0.0.1:0 pick one")
	}
	return nil, fault.New(fault.Unavailable, "cannot listen on %s: %w", addr, err)
}

// openBrowser shows the site; that it cannot is no reason not to serve.
func openBrowser(log *slog.Logger, url string) {
	name, args := "xdg-open", []string{url}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", url}
	}
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		log.Warn("the browser cannot be opened", "err", err)
		return
	}
	go cmd.Wait() // the browser may outlive us; nobody waits for it
}
