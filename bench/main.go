// Command bench runs the benchmarks that the goals are about and prints one table:
// what | ours | floor | ratio | goal. The floor is the least that could do the same,
// measured in the same run, so that the ratio means something on any machine.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// row is one line of the table. ours and floor name what go test prints:
// "Benchmark/sub unit". The ratio is ours by floor; where less is given, that is
// taken off both first.
type row struct {
	what              string
	pkg, bench, times string // the package, the benchmark, its -benchtime
	count             int    // runs, of which the median is taken
	ours, floor, less string
	goal              string
}

func main() {
	only := regexp.MustCompile("")
	if len(os.Args) > 1 {
		only = regexp.MustCompile("(?i)" + os.Args[1])
	}
	ran := map[string]map[string][]float64{}
	fmt.Printf("%s, %d cores, %s, load %s\n\n", time.Now().Format(time.DateOnly), runtime.NumCPU(), runtime.Version(), load())
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
	fmt.Fprintln(out, "| what\t| ours\t| floor\t| ratio\t| goal\t|")
	fmt.Fprintln(out, "|---\t|---\t|---\t|---\t|---\t|")
	failed := false
	for _, r := range rows {
		if !only.MatchString(r.what) {
			continue
		}
		key := r.pkg + " " + r.bench
		if ran[key] == nil {
			fmt.Fprintf(os.Stderr, "%s …\n", key)
			found, err := r.run()
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				failed = true
			}
			ran[key] = found
		}
		fmt.Fprintln(out, r.line(ran[key]))
	}
	out.Flush()
	if failed {
		os.Exit(1)
	}
}

// run runs the row's benchmark and gathers its figures by name and unit.
func (r row) run() (map[string][]float64, error) {
	cmd := exec.Command("go", "test", "-run=^$", "-bench="+r.bench, "-benchtime="+r.times, "-count="+strconv.Itoa(r.count), r.pkg)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", r.pkg, r.bench, err, said.String())
	}
	return figures(&said), nil
}

var cores = regexp.MustCompile(`-\d+$`)

// figures reads the lines that go test prints: a name, how often, then pairs of
// figure and unit.
func figures(out *bytes.Buffer) map[string][]float64 {
	found := map[string][]float64{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		name := cores.ReplaceAllString(strings.TrimPrefix(f[0], "Benchmark"), "")
		for i := 2; i+1 < len(f); i += 2 {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				found[name+" "+f[i+1]] = append(found[name+" "+f[i+1]], v)
			}
		}
	}
	return found
}

func (r row) line(found map[string][]float64) string {
	ours, floor := median(found[r.ours]), median(found[r.floor])
	ratio := "-"
	if base := median(found[r.less]); floor-base > 0 && len(found[r.ours]) > 0 {
		ours, floor = ours-base, floor-base
		ratio = strconv.FormatFloat(max(ours, 0)/floor, 'f', 2, 64)
	}
	_, unit, _ := strings.Cut(r.ours, " ")
	return fmt.Sprintf("| %s\t| %s\t| %s\t| %s\t| %s\t|", r.what, show(ours, unit), show(floor, unit), ratio, r.goal)
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// show writes a figure in a unit that people read easily.
func show(v float64, unit string) string {
	switch {
	case v == 0:
		return "-"
	case !strings.HasPrefix(unit, "ns") && !strings.HasSuffix(unit, "-ns"):
		return fmt.Sprintf("%.1f %s", v, unit)
	case v >= 1e6:
		return fmt.Sprintf("%.2f ms", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.1f µs", v/1e3)
	}
	return fmt.Sprintf("%.0f ns", v)
}

// load is the machine's load, which says how far the figures can be trusted.
func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(data), " ")
	return one
}
