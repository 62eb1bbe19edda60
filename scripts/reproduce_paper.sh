#!/usr/bin/env bash
# Every table and figure of both studies, in order, by the commands that give them; what is held is not asked again.
#
#   MODELS="mistral7b llama3_8b_instruct" bash scripts/reproduce_paper.sh
#   bash scripts/reproduce_paper.sh --plan              # steps and estimates only: nothing is asked or written
#   bash scripts/reproduce_paper.sh --only baselines    # one step
#   JUDGE="server model.engine.base_url=http://localhost:8000/v1 model.engine.model_name=NAME" \
#       bash scripts/reproduce_paper.sh --only judge
#
# From the environment:
#   MODELS       by name, with spaces between them; all ten local models of the study if empty
#   RESPONDENTS  of every panel; as each experiment has it if empty (20, and 100 for interaction_styles)
#   OUTPUT       folder of runs and pages: outputs
#   JUDGE        the judge and what it needs, such as "gpt4o"; needed by two steps
#   OPTIONS      words that every experiment gets besides, such as home=FOLDER for an imported survey
# A step that fails ends the script with its exit code; the same command goes on where it stopped. A plan names
# every step, and has the exit code of the last that cannot be planned.
# shellcheck disable=SC2317  # steps are called by their names
set -euo pipefail

readonly STEPS="paper_main baselines diversity_ablation language_ablation judge audit interaction_styles stance claims"
OF_THE_STUDY="baichuan2_13b_chat chatglm2_6b wizardlm_13b_v1_2 mistral7b dolphin_2_2_1_mistral_7b mixtral_8x7b"
OF_THE_STUDY+=" llama3_8b llama3_8b_instruct dolphin_2_9_1_llama3_8b llama3_chinese_8b_instruct"
OUTPUT="${OUTPUT:-outputs}"
JUDGE="${JUDGE:-}"
IS_PLAN=false
ONLY=""

die() {
    printf 'error: %s\n  do:  %s\n' "$1" "$2" >&2
    exit 2
}

while (($#)); do
    case "$1" in
        --plan) IS_PLAN=true ;;
        --only)
            ONLY="${2:-}"
            [[ -n "$ONLY" && " $STEPS " == *" $ONLY "* ]] ||
                die "--only takes a step, found '$ONLY'." "One of: $STEPS."
            shift
            ;;
        -h | --help)
            sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
            exit 0
            ;;
        *) die "unknown word '$1'." "Known are --plan, --only STEP and --help." ;;
    esac
    shift
done

read -ra JUDGE_WORDS <<<"${JUDGE:+model=$JUDGE}"
read -ra MODEL_NAMES <<<"${MODELS:-$OF_THE_STUDY}"
MODELS_LIST="$(IFS=,; echo "${MODEL_NAMES[*]}")"
read -ra SETTINGS <<<"${RESPONDENTS:+respondents=$RESPONDENTS} ${OPTIONS:-}"
SETTINGS+=("output=$OUTPUT")

def_sim() {
    printf '$ def-sim %s\n' "$*"
    python -m def_sim "$@"
}

# experiment NAME [WORD...]: held and compared, or planned.
experiment() {
    local plan=()
    if "$IS_PLAN"; then plan=(stage=plan); fi
    def_sim "${plan[@]}" "experiment=$1" "model=$MODELS_LIST" "${@:2}" "${SETTINGS[@]}"
}

# compared EXPERIMENT...: folders of the finished runs of MODELS on its pages, a line each.
compared() {
    python - "$OUTPUT" "$MODELS_LIST" "$@" <<'PYTHON'
import csv
import sys
from pathlib import Path

output, models, *names = sys.argv[1:]
found = {}
for table in sorted(path for name in names for path in Path(output).glob(f"experiments/{name}-*/comparison.csv")):
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["model"] in models.split(",") and float(row["share_done"]) >= 1:
                found[row["folder"]] = None
print("\n".join(found))
PYTHON
}

need_judge() {
    ((${#JUDGE_WORDS[@]})) || die "JUDGE is empty: step $1 has answers judged." "Name a model: JUDGE=gpt4o."
}

# judged RUBRIC PATTERN...: verdicts on runs, or what they will cost; before there is a run nothing can be said.
judged() {
    need_judge "$1"
    local stage=stage=judge
    if "$IS_PLAN"; then stage=stage=plan; fi
    def_sim "$stage" "rubric=$1" "runs=[$(IFS=,; echo "${*:2}")]" "${JUDGE_WORDS[@]}"
}

step() {
    printf '\n== %s: %s\n' "$1" "$2"
    "step_$1"
}

step_paper_main() { experiment paper_main experiment.reports=true; }
step_baselines() { experiment baselines; }
step_diversity_ablation() { experiment diversity_ablation survey=us,cn; }
step_language_ablation() { experiment language_ablation; }

step_judge() {
    local folders=() folder
    mapfile -t folders < <(compared paper_main | sed '/^$/d')
    if ((${#folders[@]} == 0)); then
        "$IS_PLAN" && echo "planned once the runs of paper_main are held: what is judged are their answers" && return
        die "no finished run of paper_main in $OUTPUT." "Hold it first: --only paper_main."
    fi
    judged insensitivity "${folders[@]}"
    "$IS_PLAN" && return
    for folder in "${folders[@]}"; do def_sim stage=report "run_folder=$folder"; done
    def_sim stage=report experiment=paper_main "model=$MODELS_LIST" "${SETTINGS[@]}"
}

step_audit() {
    local folder name
    "$IS_PLAN" && echo "two sheets a judged run, in $OUTPUT/audit; nothing is asked" && return
    mkdir -p "$OUTPUT/audit"
    while IFS= read -r folder; do
        name="${folder#"$OUTPUT"/}"
        name="$OUTPUT/audit/${name//\//-}"
        if compgen -G "$folder/verdicts/insensitivity-*" >/dev/null && [[ ! -e "${name}_1.csv" ]]; then
            def_sim stage=audit "run_folder=$folder" "export=$name"
        fi
    done < <(compared paper_main | sed '/^$/d')
}

step_interaction_styles() { experiment interaction_styles; }

step_stance() {
    local folders=() name
    for name in "${MODEL_NAMES[@]}"; do
        if [[ -d "$OUTPUT/$name/goqa_binary" ]]; then folders+=("$OUTPUT/$name/goqa_binary/*"); fi
    done
    if ((${#folders[@]} == 0)); then
        "$IS_PLAN" && echo "planned once interaction_styles is held: what is judged are its open texts" && return
        die "no run of interaction_styles in $OUTPUT." "Hold it first: --only interaction_styles."
    fi
    judged stance "${folders[@]}"
    "$IS_PLAN" || def_sim stage=report experiment=interaction_styles "model=$MODELS_LIST" "${SETTINGS[@]}"
}

step_claims() {
    "$IS_PLAN" && echo "the verdicts of all pages together, in $OUTPUT/claims.csv; nothing is asked" && return
    python "$(dirname "$0")/gather_claims.py" "$OUTPUT"
}

# What each step shows of the studies: A is Liu et al. 2025, B is Bravansky, Trhlik & Barez 2025.
declare -A SHOWS=(
    [paper_main]="A, divergence of every model by topic group; cultural variation maps; matches and mismatches by sex and age"
    [baselines]="A, divergence under the framework, asking as the average person, and collective critique"
    [diversity_ablation]="A, diversity of answers under the three modifications, each alone and together"
    [language_ablation]="A, native and other languages"
    [judge]="A, insensitivity in six dimensions (radar chart)"
    [audit]="A, insensitivity: two blind sheets a run, for people to code"
    [interaction_styles]="B, similarity to people by country and style of interaction"
    [stance]="B, similarity and unclassifiable answers, once a judge has read the open texts"
    [claims]="A and B, the 23 claims with their verdicts"
)

code=0
for name in ${ONLY:-$STEPS}; do
    if "$IS_PLAN"; then
        step "$name" "${SHOWS[$name]}" || code=$? # what cannot be planned yet hides no other estimate
    else
        step "$name" "${SHOWS[$name]}"
    fi
done
exit "$code"
