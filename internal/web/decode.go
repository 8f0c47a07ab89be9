package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"sort"
	"strings"
	"unicode/utf8"

	"tasks/internal/fault"
)

// decode reads the body into the struct that v points to: one JSON object, no key that
// is doubled or a known one in other case, no trailing text. Other keys are passed
// over: a client that sends a history or a system prompt of its own is not heard, and
// a newer client is not refused.
func decode(w http.ResponseWriter, r *request, v any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return tooLarge()
		}
		return fault.New(fault.Usage, "the body cannot be read: %w", err)
	}
	return decodeBody(body, v)
}

// decodeBody fills the struct that v points at from a body.
func decodeBody(body []byte, v any) error {
	if !utf8.Valid(body) {
		return fault.New(fault.Usage, "the body is not UTF-8")
	}
	if !json.Valid(body) {
		return fault.New(fault.Usage, "the body is not JSON")
	}
	return decodeObject(body, reflect.ValueOf(v).Elem(), "")
}

// decodeObject fills the struct at into from a JSON object. where is its place,
// for messages.
func decodeObject(data []byte, into reflect.Value, where string) error {
	fields := map[string]reflect.Value{}
	for i := range into.NumField() {
		name, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ",")
		fields[name] = into.Field(i)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return fault.New(fault.Usage, "%s must be a JSON object", placeOr(where, "the body"))
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return fault.New(fault.Usage, "the body is not JSON: %w", err)
		}
		key := t.(string) // a key, because More is true within an object
		field, known := fields[key]
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return fault.New(fault.Usage, "the body is not JSON: %w", err)
		}
		switch {
		case !known:
			for name := range fields {
				if strings.EqualFold(name, key) {
					return fault.New(fault.Usage, "there is no key %q here", where+key).WithHint("known keys: %s", strings.Join(keys(fields), ", "))
				}
			}
			continue
		case seen[key]:
			return fault.New(fault.Usage, "the key %q is there twice", where+key)
		}
		seen[key] = true
		if err := decodeField(raw, field, where+key); err != nil {
			return err
		}
	}
	return nil
}

// decodeField fills one field. null is the same as an absent key.
func decodeField(raw json.RawMessage, field reflect.Value, name string) error {
	if string(raw) == "null" {
		return nil
	}
	if field.Kind() == reflect.Pointer && field.Type().Elem().Kind() == reflect.Struct {
		field.Set(reflect.New(field.Type().Elem()))
		return decodeObject(raw, field.Elem(), name+".")
	}
	if err := json.Unmarshal(raw, field.Addr().Interface()); err != nil {
		return fault.New(fault.Usage, "the key %q must be a %s", name, kindName(field.Kind()))
	}
	return nil
}

func kindName(k reflect.Kind) string {
	if k == reflect.Int {
		return "whole number"
	}
	return k.String()
}

func placeOr(where, otherwise string) string {
	if where == "" {
		return otherwise
	}
	return strings.TrimSuffix(where, ".")
}

func keys(fields map[string]reflect.Value) []string {
	var out []string
	for k := range fields {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// required answers 400 for the first of name, value pairs that is empty.
func required(pairs ...string) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		if strings.TrimSpace(pairs[i+1]) == "" {
			return fault.New(fault.Usage, "the key %q is missing", pairs[i])
		}
	}
	return nil
}
