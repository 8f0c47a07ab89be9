// Package e2e drives the real things: the built binary, a browser, Claude Code, a
// model server that is not ours. It holds tests only.
package e2e
