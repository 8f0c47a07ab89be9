package docs

import (
	"net/url"
	"path"
	"strconv"
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
	pages   []Node // the pages of nodes in their order, each once
}

const (
	maxNav      = 1 << 20 // bytes of navFile
	maxNavNodes = 2000
	maxNavDepth = 12
)

// nav is the published site's navigation, or nothing where there is no navFile or no
// nav in it. What cannot be shown stands there with its reason (Node.Missing): a page
// that is not there, a pattern, a file that does not parse.
func (l *Library) nav(current string) []*Node {
	kept := l.keptNav()
	out := make([]*Node, len(kept.nodes))
	for i := range kept.nodes {
		out[i] = openWay(&kept.nodes[i], current)
	}
	return out
}

// keptNav is what navFile says now.
func (l *Library) keptNav() keptNav {
	info, err := l.repo.Stat(navFile)
	if err != nil || info.Dir {
		return keptNav{}
	}
	gen, now := l.gen.Load(), time.Now()
	c := &l.tree
	c.mu.Lock()
	kept := c.nav
	c.mu.Unlock()
	if kept.version == info.Version && kept.gen == gen && now.Sub(kept.at) < recheck {
		return kept
	}
	kept = keptNav{version: info.Version, gen: gen, at: now}
	f, err := l.repo.ReadFile(navFile, maxNav)
	switch {
	case err != nil:
		kept.nodes = unread(err.Error())
	case f.Cut:
		kept.nodes = unread("it is larger than 1 MB")
	default:
		kept.version = f.Version
		kept.nodes = l.parseNav(f.Data)
	}
	kept.pages = flat(kept.nodes)
	c.mu.Lock()
	c.nav = kept
	c.mu.Unlock()
	return kept
}

// unread is what stands for a nav that cannot be read.
func unread(why string) []Node {
	return []Node{{Title: navFile + " cannot be read", Path: navFile, Missing: oneLine(strings.TrimPrefix(why, "yaml: "))}}
}

// flat is the pages of a nav in order, each where it stands first.
func flat(nodes []Node) []Node {
	var out []Node
	seen := map[string]bool{}
	var add func(n *Node)
	add = func(n *Node) {
		if !n.Dir && n.Path != "" && n.Missing == "" && !seen[n.Path] {
			seen[n.Path] = true
			out = append(out, Node{Title: n.Title, Href: n.Href, Path: n.Path})
		}
		for _, c := range n.Children {
			add(c)
		}
	}
	for i := range nodes {
		add(&nodes[i])
	}
	return out
}

// openWay copies a node with its way to current opened. Folded sections keep no
// children.
func openWay(n *Node, current string) *Node {
	c := *n
	c.Children = nil
	c.Current = !n.Dir && n.Path != "" && n.Path == current && n.Missing == "" && !n.External
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
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return unread(err.Error())
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil
	}
	p := navParser{lib: l, docsDir: path.Join(path.Dir(navFile), "docs")}
	var nav *yaml.Node
	top := doc.Content[0]
	for i := 0; i+1 < len(top.Content); i += 2 {
		switch top.Content[i].Value {
		case "nav":
			nav = top.Content[i+1]
		case "docs_dir":
			p.docsDir = path.Join(path.Dir(navFile), top.Content[i+1].Value)
		}
	}
	if nav == nil || nav.Kind == yaml.ScalarNode && nav.Tag == "!!null" {
		return nil
	}
	if nav.Kind != yaml.SequenceNode {
		return unread("nav is not a list")
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
		if p.nodes++; p.nodes == maxNavNodes+1 {
			out = append(out, &Node{Title: "… and more", Missing: navFile + " has more than 2,000 entries"})
		}
		if p.nodes > maxNavNodes {
			break
		}
		switch {
		case item.Kind == yaml.ScalarNode:
			out = append(out, p.page("", item.Value))
		case item.Kind == yaml.MappingNode && len(item.Content) == 2:
			out = append(out, p.titled(oneLine(item.Content[0].Value), item.Content[1], depth))
		case item.Kind == yaml.MappingNode && len(item.Content) > 2:
			out = append(out, unreadable(item, "an entry with more than one title"))
		default:
			out = append(out, unreadable(item, "an entry that is neither a page nor a section"))
		}
	}
	return out
}

// unreadable is what stands for an entry that means nothing.
func unreadable(y *yaml.Node, what string) *Node {
	return &Node{Title: "line " + strconv.Itoa(y.Line) + " of " + navFile, Path: navFile, Missing: what}
}

// titled is an entry with a title: a page or a section.
func (p *navParser) titled(title string, value *yaml.Node, depth int) *Node {
	if value.Kind == yaml.ScalarNode {
		return p.page(title, value.Value)
	}
	section := &Node{Title: title, Dir: true, Children: p.list(value, depth+1)}
	for _, c := range section.Children {
		if c.Href != "" && !c.External {
			section.Href, section.Path = c.Href, parent(c.Path)
			return section
		}
	}
	if len(section.Children) > 0 && section.Children[0].External {
		return section
	}
	section.Missing = "nothing of this section is there"
	return section
}

// page is a page of the nav, an address elsewhere, or why there is neither.
func (p *navParser) page(title, target string) *Node {
	n := &Node{Title: title, Path: target}
	if n.Title == "" {
		n.Title = oneLine(target)
	}
	switch {
	case target == "":
		n.Missing = "it names no page"
		return n
	case strings.Contains(target, ":"):
		if u, err := url.Parse(target); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil {
			return &Node{Title: n.Title, Href: u.String(), External: true}
		}
		n.Missing = "this is no address that can be followed"
		return n
	case strings.ContainsAny(target, "*?["):
		n.Missing = "patterns are not supported in the nav; name each page"
		return n
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
		n.Path, n.Href = to.path, to.href()
		if title == "" {
			n.Title, _ = p.lib.titleAndHref(to.path)
		}
		return n
	}
	n.Missing = "there is no such page"
	return n
}
