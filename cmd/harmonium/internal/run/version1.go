package run

import "encoding/json"

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

// fromVersion1 lays a config.json of version 1 out as one of now. What of the settings is not of model or data becomes
// "training" as it is.
func fromVersion1(text []byte) ([]byte, error) {
	var old version1
	if err := json.Unmarshal(text, &old); err != nil {
		return nil, err
	}
	take := func(name string) json.RawMessage {
		value := old.Settings[name]
		delete(old.Settings, name)
		return value
	}
	return json.Marshal(map[string]any{
		"format": old.Format, "version": 1, "program": old.Program, "sha256": old.SHA256,
		"model": map[string]any{
			"visible": old.Visible, "hidden": take("hidden"), "visible_kind": take("visible"), "hidden_kind": take("hidden_units"),
		},
		"data": map[string]any{
			"train": old.Train, "valid": old.Valid, "weights": old.Weights, "shape": old.Shape, "train_rows": old.Rows, "valid_rows": old.Holdout,
			"holdout": take("holdout"), "threshold": take("threshold"), "bernoulli": take("bernoulli_grey"),
		},
		"training": old.Settings,
	})
}
