#!/usr/bin/env bash
# The shards of one run as a plain Slurm array, and its report as a job that waits for them:
#   PARTITION=gpu bash scripts/slurm_array.sh model=mistral7b survey=cn num_shards=8
# Needs sbatch and the environment in which `python -m def_sim` works; no submitit.
#   PARTITION, ACCOUNT  of the cluster; unset: its defaults
#   TIME=04:00:00       of a job; at its end it is queued again, at most 20 times
#   GPUS=1              for each job; 0: none
#   CPUS=8  MEM=64G     for each job
#   PARALLEL=32         jobs at once
#   SETUP=FILE          sourced by bash in each job before Python (modules, virtual environment)
set -euo pipefail

readonly MOST_RESTARTS=20 WARN_S=120 ASKED_TO_STOP=85

fail() {
  printf 'error: %s\n  do:  %s\n' "$1" "$2" >&2
  exit 2
}

# One job of the array: asks one shard. Slurm announces the end of its time to this shell alone, which
# passes the signal on, waits until the answers are safe, and queues the job again.
work() {
  local python=0 asked="" status=0 late="" job
  # Before Python begins a signal is kept for it.
  trap 'if [ "$python" -eq 0 ]; then asked=USR1; else kill -USR1 "$python" 2>/dev/null || true; fi' USR1
  trap 'if [ "$python" -eq 0 ]; then asked=TERM; else kill -TERM "$python" 2>/dev/null || true; fi' TERM
  if [ -n "${SETUP:-}" ]; then
    # shellcheck disable=SC1090 # a site's own file
    source "$SETUP"
  fi
  if [ -z "$asked" ]; then
    python -m def_sim "$@" "shard=$SLURM_ARRAY_TASK_ID" &
    python=$!
    [ -z "$asked" ] || kill -"$asked" "$python"
  fi
  # A signal ends `wait`, not what is waited for.
  while [ "$python" -ne 0 ]; do
    status=0
    wait "$python" || status=$?
    kill -0 "$python" 2>/dev/null || break
  done
  # Where it ended just as the signal came, its own status is still to be had; 127: it was had already.
  if [ "$python" -ne 0 ] && [ "$status" -gt 128 ]; then
    wait "$python" && status=0 || late=$?
    [ "${late:-127}" -eq 127 ] || status=$late
  fi
  # Asked to stop before it began, the job is queued again as if it had been told later; cancelled, it stays away.
  case $python$asked in
    0USR1) status=$ASKED_TO_STOP ;;
    0TERM) status=2 ;;
  esac
  [ "$status" -eq "$ASKED_TO_STOP" ] || return "$status"
  job="${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
  if [ "${SLURM_RESTART_COUNT:-0}" -ge "$MOST_RESTARTS" ]; then
    fail "Job $job was queued again $MOST_RESTARTS times and is not done." "Give the same command again, or more TIME=."
  fi
  scontrol requeue "$job"
}

report() {
  if [ -n "${SETUP:-}" ]; then
    # shellcheck disable=SC1090 # a site's own file
    source "$SETUP"
  fi
  python -m def_sim "$@"
}

submit() {
  local words=("$@") word num_shards=1 script array last common asking plan folder name waiting
  for word in "$@"; do
    case $word in
      num_shards=*) num_shards=${word#*=} ;;
      shard=*) fail "shard= is given by this script, found $word." "Leave it out; num_shards= says how many there are." ;;
      stage=*) fail "This script holds interviews and writes the report, found $word." "Leave it out." ;;
      -*) fail "This script submits one run, found $word." "Give each run a command of its own, or see docs/tutorials/cluster.md." ;;
    esac
  done
  [[ $num_shards =~ ^[1-9][0-9]{0,5}$ ]] || fail "num_shards=$num_shards is no number from 1." "Give one, as in num_shards=8."
  [ -z "${SETUP:-}" ] || [ -r "$SETUP" ] || fail "SETUP=$SETUP cannot be read." "Name a file for bash to source."
  command -v sbatch >/dev/null || fail "sbatch is not on the path." "Run this on a login node of the cluster."
  # A mistake in the command ends here, before anything is queued.
  plan=$(python -m def_sim stage=plan "${words[@]}") || exit
  # An array bears the name of its run's folder, so that the same run is not queued twice. Where squeue does
  # not answer the leases of the shards hold all the same: the later jobs end, and no answer is asked twice.
  folder=$(readlink -m "$(sed -n 's/^folder  *//p' <<<"$plan")")
  name=def_sim_$(cksum <<<"$folder" | cut -d' ' -f1)
  waiting=$(squeue --noheader --format=%F --name="$name" 2>/dev/null | sort -u | paste -sd' ' -) || waiting=""
  [ -z "$waiting" ] || fail "Array $waiting of this run ($folder) waits or is at work. Nothing was submitted." \
    "Let it finish (def-sim stage=status shows how far), or scancel $waiting; then the same command goes on."
  script=$(readlink -f "${BASH_SOURCE[0]}")
  if [ -n "${SETUP:-}" ]; then
    SETUP=$(readlink -f "$SETUP")
    export SETUP
  fi
  common=(--parsable --export=ALL "--time=${TIME:-04:00:00}" "--cpus-per-task=${CPUS:-8}" "--mem=${MEM:-64G}")
  [ -z "${PARTITION:-}" ] || common+=("--partition=$PARTITION")
  [ -z "${ACCOUNT:-}" ] || common+=("--account=$ACCOUNT")
  asking=("--array=0-$((num_shards - 1))%${PARALLEL:-32}" "--job-name=$name" --requeue --open-mode=append
    "--signal=B:USR1@$WARN_S" --output=slurm-%A_%a.log)
  [ "${GPUS:-1}" = 0 ] || asking+=("--gpus-per-node=${GPUS:-1}")
  array=$(sbatch "${common[@]}" "${asking[@]}" "$script" --work stage=interview "${words[@]}") || exit 2
  array=${array%%;*}
  last=$(sbatch "${common[@]}" --job-name=def_sim_report --output=slurm-%j.log --kill-on-invalid-dep=yes \
    "--dependency=afterok:$array" "$script" --report stage=report "${words[@]}") ||
    fail "The report was refused; the array $array is queued." "scancel $array, or later: def-sim stage=report ..."
  last=${last%%;*}
  echo "array   $array  $num_shards jobs, logs slurm-${array}_*.log"
  echo "report  $last  when all are done, log slurm-$last.log"
}

case ${1:-} in
  --work) shift && work "$@" ;;
  --report) shift && report "$@" ;;
  *) submit "$@" ;;
esac
