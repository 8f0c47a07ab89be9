package docs

import (
	"path"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// navFile is where the published site's order is kept.
const navFile = "tasks/mkdocs.yml"

// keptNav is the navigation that navFile gives.
type keptNav struct {
	version string
	gen     int64
	at      time.Time
	nodes   []Node
}

const (
	maxNav      = 1 << 20 // bytes of navFile
	maxNavNodes = 2000
	maxNavDepth = 12
)

// nav is the published site's navigation, or nothing. A file that cannot be read
// or says something else than a nav is as none: the files below are all there.
func (l *Library) nav(current string) []*Node {
	info, err := l.repo.Stat(navFile)
	if err != nil || info.Dir {
		return nil
	}
	gen, now := l.gen.Load(), time.Now()
	c := &l.tree
	c.mu.Lock()
	kept := c.nav
	c.mu.Unlock()
	if kept.version != info.Version || kept.gen != gen || now.Sub(kept.at) >= recheck {
		f, err := l.repo.ReadFile(navFile, maxNav)
		if err != nil || f.Cut {
			return nil
		}
		kept = keptNav{f.Version, gen, now, l.parseNav(f.Data)}
		c.mu.Lock()
		c.nav = kept
		c.mu.Unlock()
	}
	out := make([]*Node, len(kept.nodes))
	for i := range kept.nodes {
		out[i] = openWay(&kept.nodes[i], current)
	}
	return out
}

// openWay copies a node with its way to current opened. Folded sections keep no
// children.
func openWay(n *Node, current string) *Node {
	c := *n
	c.Children = nil
	c.Current = !n.Dir && n.Path != "" && n.Path == current
	var below []*Node
	for _, child := range n.Children {
		open := openWay(child, current)
		c.Open = c.Open || open.Current || open.Open
		below = append(below, open)
	}
	if c.Open {
		c.Children = below
	}
	return &c
}

// parseNav reads the key nav of an mkdocs file.
func (l *Library) parseNav(data []byte) []Node {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil || len(doc.Content) == 0 {
		return nil
	}
	p := navParser{lib: l, docsDir: path.Join(path.Dir(navFile), "docs")}
	var nav *yaml.Node
	top := doc.Content[0]
	for i := 0; i+1 < len(top.Content) && top.Kind == yaml.MappingNode; i += 2 {
		switch top.Content[i].Value {
		case "nav":
			nav = top.Content[i+1]
		case "docs_dir":
			p.docsDir = path.Join(path.Dir(navFile), top.Content[i+1].Value)
		}
	}
	if nav == nil {
		return nil
	}
	var out []Node
	for _, n := range p.list(nav, 0) {
		out = append(out, *n)
	}
	return out
}

type navParser struct {
	lib     *Library
	docsDir string
	nodes   int
}

// list reads a list of pages and sections.
func (p *navParser) list(y *yaml.Node, depth int) []*Node {
	if y.Kind != yaml.SequenceNode || depth > maxNavDepth {
		return nil
	}
	var out []*Node
	for _, item := range y.Content {
		if p.nodes++; p.nodes > maxNavNodes {
			break
		}
		switch {
		case item.Kind == yaml.ScalarNode:
			out = p.page(out, "", item.Value)
		case item.Kind == yaml.MappingNode && len(item.Content) == 2:
			title, value := item.Content[0].Value, item.Content[1]
			if value.Kind == yaml.ScalarNode {
				out = p.page(out, title, value.Value)
			} else if children := p.list(value, depth+1); len(children) > 0 {
				out = append(out, &Node{Title: oneLine(title), Href: children[0].Href, Path: parent(children[0].Path), Dir: true, Children: children})
			}
		}
	}
	return out
}

// page adds a page of the nav. What is not there, or not a page of ours, is left
// out.
func (p *navParser) page(out []*Node, title, target string) []*Node {
	if target == "" || strings.Contains(target, "://") {
		return out
	}
	for _, dir := range []string{p.docsDir, path.Dir(navFile), ""} {
		name := path.Join(dir, target)
		if strings.HasPrefix(name, "..") {
			continue
		}
		to := p.lib.find(lookup{name: name})
		if to.kind != Doc && to.kind != Task && to.kind != Folder {
			continue
		}
		if title = oneLine(title); title == "" {
			title, _ = p.lib.titleAndHref(to.path)
		}
		return append(out, &Node{Title: title, Href: to.href(), Path: to.path})
	}
	return out
}
