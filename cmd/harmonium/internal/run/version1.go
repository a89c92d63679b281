package run

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"harmonium/train"
)

// version1 is a config.json of version 1, whose settings were one flat list.
type version1 struct {
	Format   string                     `json:"format"`
	Program  string                     `json:"program"`
	Settings map[string]json.RawMessage `json:"settings"`
	Visible  int                        `json:"visible_units"`
	Shape    json.RawMessage            `json:"shape"`
	Train    json.RawMessage            `json:"train"`
	Valid    json.RawMessage            `json:"valid"`
	Weights  json.RawMessage            `json:"weights"`
	Rows     int                        `json:"train_rows"`
	Holdout  int                        `json:"valid_rows"`
	SHA256   string                     `json:"sha256"`
}

// fromVersion1 rewrites a config.json of version 1 as one of now. What version 1 did not record, such as Adam's β2, has
// the default, which was the only value then.
func fromVersion1(text []byte) ([]byte, error) {
	var old version1
	if err := json.Unmarshal(text, &old); err != nil {
		return nil, err
	}
	var seconds float64
	if text, ok := old.Settings["seconds"]; ok {
		if err := json.Unmarshal(text, &seconds); err != nil {
			return nil, err
		}
	}
	settings := maps.Clone(old.Settings)
	take := func(name string) json.RawMessage {
		value := settings[name]
		delete(settings, name)
		return value
	}
	if string(take("adapt_steps")) == "true" {
		settings["steps"] = json.RawMessage(`"auto"`)
	}
	if string(settings["path"]) == `""` {
		delete(settings, "path")
	}
	delete(settings, "seconds")
	if rungs, ok := settings["rungs"]; ok {
		settings["temperatures"] = rungs
		delete(settings, "rungs")
	}
	now := map[string]any{
		"format": old.Format, "version": configVersion, "program": old.Program, "sha256": old.SHA256,
		"model": map[string]any{
			"visible": old.Visible, "hidden": take("hidden"), "visible_kind": take("visible"), "hidden_kind": take("hidden_units"),
		},
		"data": map[string]any{
			"train": old.Train, "valid": old.Valid, "weights": old.Weights, "shape": old.Shape, "train_rows": old.Rows, "valid_rows": old.Holdout,
			"holdout": take("holdout"), "threshold": take("threshold"), "bernoulli": take("bernoulli_grey"),
		},
	}
	negative, err := kind1(train.Negatives(), take("negative"), settings)
	if err != nil {
		return nil, fmt.Errorf("negative: %w", err)
	}
	optimizer, err := kind1(train.Optimizers(), take("optimizer"), settings)
	if err != nil {
		return nil, fmt.Errorf("optimizer: %w", err)
	}
	for _, n := range train.Negatives() {
		for _, s := range n.Settings() {
			delete(settings, s.Name) // of another kind, where it had no effect
		}
	}
	training := map[string]any{"negative": negative, "optimizer": optimizer, "time": time.Duration(seconds * float64(time.Second)).String()}
	for name, value := range settings {
		training[name] = value
	}
	now["training"] = training
	return json.Marshal(now)
}

// kind1 gathers the settings of a kind from the flat list.
func kind1[C train.Configurable](all []C, name json.RawMessage, settings map[string]json.RawMessage) (map[string]any, error) {
	kind := ""
	if err := json.Unmarshal(name, &kind); err != nil {
		return nil, err
	}
	c, err := train.Find(all, kind)
	if err != nil {
		return nil, err
	}
	own := map[string]any{"kind": kind}
	for _, s := range c.Settings() {
		if value, ok := settings[s.Name]; ok {
			own[s.Name] = value
		}
	}
	return own, nil
}
