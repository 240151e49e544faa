import assert from "node:assert/strict";
import { test } from "node:test";
import { fillTemplate } from "../../builder/cli/template.ts";

const VALUE = {
  Name: "x",
  State: { Pid: 5, Running: true, Error: "" },
  List: ["b", "a"],
  Config: { Labels: { "a.b": "1", z: "2" }, Env: ["A=1", "B"] },
  Mounts: [{ Source: "/s", Ports: null }],
};

/** As docker inspect prints them. */
const FILLED: Readonly<Record<string, string>> = {
  "{{.Name}}\\t{{ .State.Pid }} {{json .State}}": 'x\t5 {"Pid":5,"Running":true,"Error":""}',
  "{{.List}} {{.Config.Labels}} {{.State}}": "[b a] map[a.b:1 z:2] map[Error: Pid:5 Running:true]",
  '{{index .List 0}}{{index .Config.Labels "a.b"}}{{index .Config.Labels "none"}}|': "b1|",
  "{{len .List}} {{len .Name}} {{len .Config.Labels}}": "2 1 2",
  "{{range .Config.Env}}{{println .}}{{end}}": "A=1\nB\n",
  "{{range $i, $e := .List}}{{$i}}={{$e}};{{end}}": "0=b;1=a;",
  '{{range $k, $v := .Config.Labels}}{{printf "%s:%q " $k $v}}{{end}}': 'a.b:"1" z:"2" ',
  "{{range .Config.Cmd}}x{{else}}none{{end}} {{.Config.Entrypoint}} {{json .Config.Volumes}}": "none [] null",
  "{{.Config.Labels.z}} {{.Config.Labels.gone}}": "2 <no value>",
  "{{if .State.Running}}up{{else}}down{{end}}{{if not .State.Error}}!{{end}}": "up!",
  '{{if eq .Name "y"}}1{{else if eq .Name "x" "z"}}2{{else}}3{{end}}': "2",
  "{{if and .State.Running (gt .State.Pid 4)}}ok{{end}}{{or .State.Error .Name}}": "okx",
  '{{join .List ","}} {{.Name | upper | printf "%-3s|"}} {{(index .Mounts 0).Source}}': "b,a X  | /s",
  "{{with .State}}{{.Pid}}{{$.Name}}{{end}}{{with .State.Error}}no{{end}}": "5x",
  "{{$n := .Name}}{{$n}}{{/* said */}} a {{- .Name -}} b": "x axb",
  '{{"{{"}}{{`}}`}} {{title "a b"}} {{truncate "abc" 2}} {{index (split "a/b" "/") 1}}': "{{}} A B ab b",
};

test("fillTemplate() fills in what docker's users write", () => {
  for (const [template, expected] of Object.entries(FILLED))
    assert.equal(fillTemplate(template, VALUE), expected, template);
});

test("fillTemplate() says what is wrong", () => {
  const wrong: Readonly<Record<string, RegExp>> = {
    "{{.Nme}}": /there is no field .Nme/,
    "{{.State.constructor}}": /there is no field/,
    "{{.__proto__}}": /there is no field/,
    "{{.Name": /an action is not closed/,
    "{{range .List}}x": /range has no end/,
    "{{end}}": /an end or else has no beginning/,
    "{{constructor .}}": /there is no function "constructor" but json, /,
    "{{.Name .List}}": /is no function/,
    "{{$x}}": /there is no variable \$x/,
    "{{.Name | }}": /a command is missing/,
    "{{.Name # }}": /is no part of a template/,
    "{{)}}": /a command is missing|out of place/,
  };
  for (const [template, message] of Object.entries(wrong))
    assert.throws(() => fillTemplate(template, VALUE), message, template);
});
