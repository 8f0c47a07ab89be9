package task_test

import (
	"fmt"
	"testing"

	"tasks/internal/task"
)

// Where each of many tasks waits for every other there are more cycles than memory.
func TestCyclesOfEverythingAreBounded(t *testing.T) {
	var all []*task.Task
	for i := range 400 {
		k := &task.Task{Slug: fmt.Sprint("t", i)}
		for j := range 400 {
			if i != j {
				k.DependsOn = append(k.DependsOn, fmt.Sprint("t", j))
			}
		}
		all = append(all, k)
	}
	all = append(all, &task.Task{Slug: "x", DependsOn: []string{"y"}}, &task.Task{Slug: "y", DependsOn: []string{"x"}})
	steps, apart := 0, false
	for _, c := range task.NewGraph(all).Cycles() {
		steps += len(c)
		apart = apart || c[0] == "x"
	}
	if steps > 100_000 || !apart {
		t.Errorf("%d steps are told; the cycle of two others: %v", steps, apart)
	}
}
