package main

const (
	tracker = "./internal/tracker"
	docs    = "./internal/docs"
	web     = "./internal/web"
	whole   = "./bench" // whole processes, and the real server
)

var rows = []row{
	{"process start: tasks version / a Go hello", whole, "^BenchmarkStart$", "60x", 1, "Start ours-ns", "Start floor-ns", "", "<= 2"},
	{"set one field, whole process / hello + durable write", whole, "^BenchmarkSetField$", "60x", 1, "SetField ours-ns", "SetField floor-ns", "", "<= 2"},
	{"set one field, in process, 1,000 tasks / durable write", tracker, "^BenchmarkUpdate$", "200x", 3, "Update/by-slug ns/op", "Update/floor ns/op", "", "<= 2"},
	{"tasks list, 1,000, whole process / front-matter program", whole, "^BenchmarkList$", "25x", 1, "List/1000 ours-ns", "List/1000 floor-ns", "", "<= 1.25"},
	{"tasks list, 10,000, whole process / front-matter program", whole, "^BenchmarkList$", "25x", 1, "List/10000 ours-ns", "List/10000 floor-ns", "", "<= 1.25"},
	{"tasks show, 1,000, whole process / front-matter program", whole, "^BenchmarkShow$", "25x", 1, "Show ours-ns", "Show floor-ns", "", "<= 1.3"},
	{"home, 10,000 tasks, over HTTP / front-matter program", whole, "^BenchmarkTaskPages$", "15x", 1, "TaskPages/home ours-ns", "TaskPages/home floor-ns", "", "<= 2"},
	{"list, 10,000 tasks, over HTTP / front-matter program", whole, "^BenchmarkTaskPages$", "15x", 1, "TaskPages/list ours-ns", "TaskPages/list floor-ns", "", "<= 2"},
	{"board, 10,000 tasks, over HTTP / front-matter program", whole, "^BenchmarkTaskPages$", "15x", 1, "TaskPages/board ours-ns", "TaskPages/board floor-ns", "", "<= 2"},
	{"a task among 10,000, over HTTP / front-matter program", whole, "^BenchmarkTaskPages$", "15x", 1, "TaskPages/task ours-ns", "TaskPages/task floor-ns", "", "<= 2"},
	{"a milestone of 2,000 among 10,000 / front-matter program", whole, "^BenchmarkTaskPages$", "15x", 1, "TaskPages/milestone ours-ns", "TaskPages/milestone floor-ns", "", "<= 2"},
	{"tasks.json, 10,000, over HTTP / front-matter program", whole, "^BenchmarkTaskPages$", "15x", 1, "TaskPages/json ours-ns", "TaskPages/json floor-ns", "", "<= 2"},
	{"memory of serve after its pages, 200 files / a file server", whole, "^BenchmarkMemory$", "1x", 3, "Memory/200 ours-KiB", "Memory/200 floor-KiB", "", "<= 24 MiB"},
	{"memory of serve after its pages, 5,000 files / a file server", whole, "^BenchmarkMemory$", "1x", 3, "Memory/5000 ours-KiB", "Memory/5000 floor-KiB", "", "<= 40 MiB"},
	{"size of the program, stripped / a file server", whole, "^BenchmarkSize$", "1x", 1, "Size ours-MB", "Size floor-MB", "", "<= 20 MB"},
	{"all tasks, 10,000, in process, no cache / read all", tracker, "^BenchmarkAll$", "10x", 3, "All/cold ns/op", "All/floor ns/op", "", "<= 1.25"},
	{"all tasks, 10,000, in process, cached / read all", tracker, "^BenchmarkAll$", "10x", 3, "All/warm ns/op", "All/floor ns/op", "", "<= 0.65"},
	{"page of 100 KB, cold / goldmark GFM", docs, "^BenchmarkPage$", "30x", 3, "Page/cold ns/op", "Page/floor ns/op", "", "<= 1.3"},
	{"page of 100 KB, warm, over HTTP / http.FileServer", web, "^BenchmarkPage$", "5000x", 3, "Page/ours ns/op", "Page/floor=FileServer ns/op", "", "<= 1"},
	{"start to first page, 1,000 tasks / floor server", whole, "^BenchmarkFirstPage$", "30x", 1, "FirstPage ours-ns", "FirstPage floor-ns", "", "<= 2"},
	{"first tree beside 400 folders of code / one listing", docs, "^BenchmarkFirstTree$", "50x", 3, "FirstTree/ours ns/op", "FirstTree/floor ns/op", "", "-"},
	{"save in place to event / inotify + one write", web, "^BenchmarkSave$", "60x", 3, "Save/in-place/ours ns/op", "Save/in-place/floor=inotify ns/op", "", "<= 1.5"},
	{"save by rename to event / inotify + one write", web, "^BenchmarkSave$", "60x", 3, "Save/rename/ours ns/op", "Save/rename/floor=inotify ns/op", "", "<= 1.5"},
	{"added to the first token, 20 KB document / ReverseProxy", whole, "^BenchmarkFirstToken$", "150x", 1, "FirstToken ours-ns", "FirstToken proxy-ns", "FirstToken direct-ns", "<= 2"},
	{"one tool step (read_file), real server / floor loop", whole, "^BenchmarkToolStep$", "40x", 1, "ToolStep ours-ns", "ToolStep floor-ns", "", "<= 3"},
	{"memory of an idle event stream / net/http handler", web, "^BenchmarkIdleStream$", "1x", 3, "IdleStream/ours KiB/stream", "IdleStream/floor=handler KiB/stream", "", "<= 8 KiB"},
	{"search over HTTP, rare word, 5,000 files / read all", whole, "^BenchmarkSearch$", "20x", 1, "Search/rare ours-ns", "Search/rare floor-ns", "", "<= 1.3"},
	{"tasks search, 5,000 files, whole process / rg -l", whole, "^BenchmarkSearchCommand$", "20x", 1, "SearchCommand ours-ns", "SearchCommand floor-ns", "", "<= 1.3"},
	{"search, word of one file, 50,000 files, in process: index / scan", "./internal/index", "^BenchmarkFind$", "5x", 1, "Find/50000/quagmire/index ns/op", "Find/50000/quagmire/scan ns/op", "", "<= 0.7"},
	{"search over HTTP, common word, 5,000 files / read all", whole, "^BenchmarkSearch$", "20x", 1, "Search/common ours-ns", "Search/common floor-ns", "", "<= 1"},
}
