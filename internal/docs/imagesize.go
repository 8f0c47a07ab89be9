package docs

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"io"
	"math"
	"strconv"
	"strings"
)

// size is how large an image is, in pixels; zero where it does not tell.
type size struct{ width, height int }

const (
	imageHead = 128 << 10 // how much of an image is read for its size
	maxSide   = 30_000
)

// imageSize reads the size in an image's beginning.
func imageSize(data []byte) size {
	var s size
	be, le := binary.BigEndian, binary.LittleEndian
	switch {
	case len(data) >= 24 && string(data[:8]) == "\x89PNG\r\n\x1a\n":
		s = size{int(be.Uint32(data[16:])), int(be.Uint32(data[20:]))}
	case len(data) >= 10 && string(data[:4]) == "GIF8":
		s = size{int(le.Uint16(data[6:])), int(le.Uint16(data[8:]))}
	case len(data) > 4 && data[0] == 0xff && data[1] == 0xd8:
		s = jpegSize(data[2:])
	case len(data) >= 30 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		s = webpSize(data)
	case bytes.Contains(data[:min(len(data), 4096)], []byte("<svg")):
		s = svgSize(data)
	}
	if s.width <= 0 || s.height <= 0 || s.width > maxSide || s.height > maxSide {
		return size{}
	}
	return s
}

// jpegSize looks for the frame header among the segments. A picture that is turned
// when shown has no size here.
func jpegSize(data []byte) size {
	for len(data) >= 9 && data[0] == 0xff {
		kind, length := data[1], int(binary.BigEndian.Uint16(data[2:]))
		if kind == 0xff {
			data = data[1:]
			continue
		}
		if kind == 0xe1 && bytes.HasPrefix(data[4:], []byte("Exif")) && turned(data[4:min(len(data), length+2)]) {
			return size{}
		}
		if kind >= 0xc0 && kind <= 0xcf && kind != 0xc4 && kind != 0xc8 && kind != 0xcc {
			return size{int(binary.BigEndian.Uint16(data[7:])), int(binary.BigEndian.Uint16(data[5:]))}
		}
		if length < 2 || len(data) < length+2 {
			break
		}
		data = data[length+2:]
	}
	return size{}
}

// turned tells whether the Exif data may say that the picture is to be turned: it
// holds the tag for it.
func turned(exif []byte) bool {
	return bytes.Contains(exif, []byte{0x12, 0x01, 3, 0}) || bytes.Contains(exif, []byte{0x01, 0x12, 0, 3})
}

func webpSize(data []byte) size {
	three := func(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
	switch string(data[12:16]) {
	case "VP8X":
		return size{three(data[24:]) + 1, three(data[27:]) + 1}
	case "VP8L":
		bits := binary.LittleEndian.Uint32(data[21:])
		return size{int(bits&0x3fff) + 1, int(bits>>14&0x3fff) + 1}
	case "VP8 ":
		return size{int(binary.LittleEndian.Uint16(data[26:]) & 0x3fff), int(binary.LittleEndian.Uint16(data[28:]) & 0x3fff)}
	}
	return size{}
}

// svgSize is what the root element says: width and height in pixels, else its view box.
func svgSize(data []byte) size {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for range 50 {
		token, err := d.RawToken()
		if err != nil {
			return size{}
		}
		root, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if root.Name.Local != "svg" {
			return size{}
		}
		var width, height string
		var box []string
		for _, a := range root.Attr {
			switch a.Name.Local {
			case "width":
				width = a.Value
			case "height":
				height = a.Value
			case "viewBox":
				box = strings.FieldsFunc(a.Value, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\t' })
			}
		}
		if s := (size{pixels(width), pixels(height)}); s.width > 0 && s.height > 0 || len(box) != 4 {
			return s
		}
		return size{pixels(box[2]), pixels(box[3])}
	}
	return size{}
}

func pixels(s string) int {
	f, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(s), "px"), 64)
	if err != nil || f != f || math.Abs(f) > maxSide {
		return 0
	}
	return int(math.Round(f))
}
