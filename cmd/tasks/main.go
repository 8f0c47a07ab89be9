// Command tasks serves a repository's markdown tasks and docs, is the command
// line over them, and hands queued work to coding agents.
package main

import (
	"os"

	"tasks/internal/cli"
)

func main() { os.Exit(cli.Main()) }
