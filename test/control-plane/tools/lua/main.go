// Runs a health script over objects as Argo CD does (util/lua/lua.go): a fresh state per object, the same few libraries,
// a second at most. JSON in, JSON out: {"script": …, "objects": […]} to [{"status": …, "message": …}].
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"
)

type request struct {
	Script  string           `json:"script"`
	Objects []map[string]any `json:"objects"`
}

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// Any other word is what Argo CD calls an invalid health status.
var statuses = map[string]bool{
	"Healthy": true, "Progressing": true, "Degraded": true, "Suspended": true, "Missing": true, "Unknown": true,
}

func main() {
	log.SetFlags(0)
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		log.Fatalf("cannot read the objects: %v", err)
	}
	verdicts := make([]verdict, len(asked.Objects))
	for i, object := range asked.Objects {
		judged, err := health(asked.Script, object)
		if err != nil {
			log.Fatalf("cannot judge object %d: %v", i, err)
		}
		verdicts[i] = judged
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdicts); err != nil {
		log.Fatal(err)
	}
}

func health(script string, object map[string]any) (verdict, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	// Neither string nor io: a custom script has only these, unless an administrator opens the rest.
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage,
		lua.BaseLibName: lua.OpenBase,
		lua.TabLibName:  lua.OpenTable,
	} {
		call := lua.P{Fn: state.NewFunction(open), NRet: 0, Protect: true}
		if err := state.CallByParam(call, lua.LString(name)); err != nil {
			return verdict{}, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	state.SetContext(ctx)
	state.SetGlobal("obj", valueOf(state, object))
	if err := state.DoString(script); err != nil {
		return verdict{}, err
	}
	table, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return verdict{}, fmt.Errorf("expect table output from Lua script, not %s", state.Get(-1).Type())
	}
	judged := verdict{Status: textOf(table, "status"), Message: textOf(table, "message")}
	if !statuses[judged.Status] {
		return verdict{}, fmt.Errorf("the script returned an invalid health status %q", judged.Status)
	}
	return judged, nil
}

func textOf(table *lua.LTable, field string) string {
	if text, ok := table.RawGetString(field).(lua.LString); ok {
		return string(text)
	}
	return ""
}

func valueOf(state *lua.LState, value any) lua.LValue {
	switch known := value.(type) {
	case bool:
		return lua.LBool(known)
	case float64:
		return lua.LNumber(known)
	case string:
		return lua.LString(known)
	case []any:
		list := state.CreateTable(len(known), 0)
		for _, item := range known {
			list.Append(valueOf(state, item))
		}
		return list
	case map[string]any:
		table := state.CreateTable(0, len(known))
		for key, item := range known {
			table.RawSetH(lua.LString(key), valueOf(state, item))
		}
		return table
	default:
		return lua.LNil
	}
}
