package cli

import (
	"strings"
	"testing"

	"tasks/internal/config"
	"tasks/internal/fault"
)

// What is wrong with the endpoint's settings is no refusal of the request.
func TestAnEndpointThatCannotBeAskedIsNoModel(t *testing.T) {
	for _, base := range []string{"http://model.example/v1", "http://user:word@127.0.0.1:1/v1", "http://169.254.169.254/v1", "https://model.example/v1?x=1"} {
		for _, provider := range []string{"openai", "anthropic"} {
			e := config.Endpoint{Key: "sk-0123456789", BaseURL: base, Model: "m"}
			_, err := modelOf(&config.Settings{OpenAI: e, Anthropic: e, Provider: provider})()
			if fault.CodeOf(err) != fault.Unavailable || strings.Contains(err.Error(), ":word@") {
				t.Errorf("%s, %s: %v", provider, base, err)
			}
		}
	}
}
