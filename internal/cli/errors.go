package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"tasks/internal/fault"
)

// fail prints err as the contract has it and returns the exit status.
func (a *app) fail(err error) int {
	if err == nil {
		return 0
	}
	code := fault.CodeOf(err)
	message := strings.ReplaceAll(err.Error(), "\n", "; ")
	hint := fault.HintOf(err)
	if a.json {
		var h any
		if hint != "" {
			h = hint
		}
		b, _ := json.Marshal(map[string]any{"error": map[string]any{"code": code, "message": message, "hint": h}})
		fmt.Fprintf(a.stderr, "%s\n", b)
		return code.ExitStatus()
	}
	fmt.Fprintf(a.stderr, "tasks: %s\n", message)
	if hint != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", hint)
	}
	return code.ExitStatus()
}
