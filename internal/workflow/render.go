package workflow

// Render fills a template. Strict: a variable or filter that is not known fails it.
func Render(template string, vars map[string]any) (string, error) {
	return "", fail(TemplateForm, File, "templates are not read yet")
}
