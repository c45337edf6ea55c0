// Computes what kstatus, by which Flux and Helm wait, makes of objects: a JSON array on standard input, one on standard output.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func main() {
	log.SetFlags(0)
	var objects []unstructured.Unstructured
	if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
		log.Fatalf("cannot read the objects: %v", err)
	}
	verdicts := make([]verdict, len(objects))
	for i := range objects {
		result, err := status.Compute(&objects[i])
		if err != nil {
			log.Fatalf("cannot compute the status of object %d: %v", i, err)
		}
		verdicts[i] = verdict{Status: result.Status.String(), Message: result.Message}
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdicts); err != nil {
		log.Fatal(err)
	}
}
