# Everything sets itself up: a virtual environment in .venv with the versions of constraints.txt. No root needed.
PYTHON ?= python3
SPEC ?= specs/digits.yaml
BIN := .venv/bin
READY := .venv/ready

# The CPU build of torch is a tenth of the default one; taken where its index answers within five seconds.
TORCH_CPU := https://download.pytorch.org/whl/cpu
TORCH_CPU_OPTION = $(shell $(PYTHON) -c "import urllib.request as u; u.urlopen('$(TORCH_CPU)/torch/', timeout=5)" \
	2>/dev/null && echo --extra-index-url $(TORCH_CPU))

NAME = $(basename $(notdir $(SPEC)))

RESULTS = $(addprefix specs/,digits.yaml digits-icebreaker.yaml digits-highway.yaml digits-columns.yaml digits-columns-ternary.yaml digits-studies.yaml digits-pixels.yaml spoken-digits.yaml spoken-digits-banks.yaml spoken-digits-united.yaml spoken-digits-columns.yaml spoken-digits-columns-ternary.yaml speech-ulx3s.yaml keywords.yaml japanese-vowels.yaml mnist-rows.yaml mnist-rows-ternary.yaml mnist-quads.yaml ptb-chars.yaml ptb-chars-banks.yaml ptb-chars-bits.yaml ptb-chars-highway.yaml war-and-peace.yaml linux-chars.yaml wikipedia-chars.yaml ptb-words.yaml ptb-words-methods.yaml ptb-words-units.yaml imdb.yaml)
RESULTS_LARGE = $(addprefix specs/,ptb-chars-1000.yaml ptb-words-200.yaml ptb-words-1500.yaml spoken-digits-1024.yaml keywords-1024.yaml mnist-pixels.yaml mnist-permuted.yaml)

.PHONY: networks shared-layers directions run test test-all bitstream resources fuzz mutate prove lint lint-rtl bench bench-training performance clocks goals banks pack area energy efficiency results curves tradeoff schema clean distclean skipping docs coverage test-core lock
.DELETE_ON_ERROR:

# The main job: from the spec to a proven accelerator and a report.
run: $(READY)
	$(BIN)/sparrow run $(SPEC) --work build/$(NAME)

# A worker for each core, one thread in each.
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

# Those that take minutes as well: bitstreams for ECP5, whole data sets.
test-all: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal

# What needs neither torch nor an FPGA tool, with the newest releases that setup.cfg allows: for other Pythons.
CORE = tests/base tests/spec tests/architecture tests/model tests/schedule tests/rtl tests/hls
test-core: .venv-core/ready
	.venv-core/bin/python -m pytest -n auto -m "not slow" $(CORE)

.venv-core/ready: setup.cfg
	$(PYTHON) -m venv .venv-core
	.venv-core/bin/python -m pip install --quiet --editable '.[dev]'
	touch $@

# Lines that the fast tests run, by file, in build/coverage/.
coverage: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow" \
	  --cov --cov-report=html:build/coverage --cov-report=term:skip-covered

# The documentation as a site, build/site/, with the report of the main job; a dead link is an error.
docs: .venv/docs run
	mkdir -p docs/reports
	cp build/$(NAME)/report.html docs/reports/digits.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

.venv/docs: $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[docs]'
	touch $@

# A bitstream with open tools: trained weights where they are shipped, else trained; verified; the better of two seeds.
BITSTREAM = specs/speech-ulx3s.yaml
bitstream: SPEC = $(BITSTREAM)
bitstream: $(READY)
	if test -d specs/trained/$(NAME) && ! test -f build/$(NAME)/weights.npz; then \
	  $(BIN)/sparrow import $(SPEC) specs/trained/$(NAME) --work build/$(NAME); fi
	$(BIN)/sparrow run $(SPEC) --work build/$(NAME)
	$(BIN)/sparrow build $(SPEC) --work build/$(NAME) --seeds 2

# Random legal specs on every core, for hours: make fuzz SECONDS=36000
SECONDS ?= 3600
fuzz: $(READY)
	SPARROW_FUZZ_SECONDS=$(SECONDS) $(BIN)/python -m pytest -p no:cacheprovider -n auto -rP tests/engines/test_random_designs.py -k fuzz

# docs/mutation.md: whether verify sees single faults in what is generated; can be stopped and continued.
mutate: $(READY)
	$(BIN)/python -m tests.mutation --other-seed 2 --page docs/mutation.md

# docs/proofs.md: the assertions of a package, proved of the modules of eight designs for all time.
prove: $(READY)
	$(BIN)/python -m tests.proofs --page docs/proofs.md

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What Verilator, slang, Icarus and yosys say of the Verilog of five designs, every warning on, none waived.
lint-rtl: $(READY)
	$(BIN)/python -m tests.rtl.lint

bench: $(READY)
	$(BIN)/python tests/bench/bench.py

# What pruning and quantising add to a training step.
bench-training: $(READY)
	$(BIN)/python -m tests.bench.training

# docs/resources.md: the model of logic fitted on what yosys counts, hours from nothing; can be stopped and continued.
resources: $(READY)
	$(BIN)/python -m tests.bench.resources --count

# docs/performance.md: cycles at the papers' sizes, measured in Verilator; keeps what is there.
performance: $(READY)
	$(BIN)/python -m tests.bench.performance

# docs/clocks.md: designs placed and routed, every seed kept; half an hour of a core from nothing.
clocks: $(READY)
	$(BIN)/python -m tests.bench.clocks

# docs/performance.md, its section of what was wanted: exact counts, and what clocks and skipping left.
goals: $(READY)
	$(BIN)/python -m tests.bench.goals

# docs/banks.md: memory and cycles of rows in banks, exact by the schedule.
banks: $(READY)
	$(BIN)/python -m tests.bench.banks

# docs/pack.md: multipliers with and without two products each, counted by yosys.
pack: $(READY)
	$(BIN)/python -m tests.bench.pack

# docs/shared-layers.md: layers that share lanes beside layers with lanes of their own, by yosys and Verilator.
shared-layers: $(READY)
	$(BIN)/python -m tests.bench.shared_layers

# docs/directions.md: both directions on shared lanes and on lanes of their own, exact by the schedule.
directions: $(READY)
	$(BIN)/python -m tests.bench.directions

# docs/area.md: what a lane costs by the kind of its weights, counted by yosys.
area: $(READY)
	$(BIN)/python -m tests.bench.area

# docs/own-networks.md: networks that people have, from file to proof; keeps the rows of what is not at hand.
networks: $(READY)
	$(BIN)/python -m tests.bench.networks

# docs/efficiency.md: effective GOPS/W as a range, with every assumption.
efficiency: $(READY)
	$(BIN)/python -m tests.bench.efficiency

# docs/energy.md: energy of a step, dense and sparse, from the switching of gates; keeps what is in build/energy.json.
energy: $(READY)
	$(BIN)/python -m tests.bench.energy

# docs/skipping.md: what skipping zeros brings on the column dataflow; trains what it measures, five seeds.
# Beside them keywords-1024, whose training takes two hours: python -m tests.bench.skipping keywords-1024 --seeds 1
SKIPPING = digits-columns digits-columns-ternary spoken-digits-columns spoken-digits-columns-ternary spoken-digits-united
UNITED = spoken-digits-united/units-6.0-column-balanced
skipping: $(READY)
	$(BIN)/python -m training.results $(RESULTS) --large $(RESULTS_LARGE) --here --only $(SKIPPING)
	$(BIN)/python -m tests.bench.skipping $(SKIPPING) $(UNITED)
	$(BIN)/python -m tests.bench.skipping

# docs/results.md: runs what is missing of five seeds, keeps what is there; can be stopped and continued.
# make results ONLY=digits runs one spec, ONLY=mnist_rows every spec of a task.
ONLY =
results: $(READY)
	$(BIN)/python -m training.results $(RESULTS) --large $(RESULTS_LARGE) --only $(ONLY)

# docs/curves.md: pictures of the records that `make results` keeps.
curves: $(READY)
	$(BIN)/python -m training.curves $(RESULTS) $(RESULTS_LARGE)

# docs/tradeoff.md: accuracy against operations of networks from which everything is taken at once, five seeds a point.
TRADEOFF = specs/spoken-digits-united.yaml
POINTS = 6.0 6.0:0.5 4.0
tradeoff: $(READY)
	$(BIN)/python -m training.tradeoff $(TRADEOFF) --points $(POINTS)

# After a change of accel/spec.
schema: $(READY)
	$(BIN)/sparrow schema > docs/spec.schema.json
	$(BIN)/sparrow schema --markdown > docs/spec.md

# constraints.txt anew: the newest releases that setup.cfg allows. Then `make test`, and all tables of the docs.
lock:
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet $(TORCH_CPU_OPTION) --editable '.[train,tools,fpga,explore,package,registers,tensorboard,notebook,dev,docs]'
	build/lock/bin/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' > constraints.txt

clean:
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis

distclean: clean
	rm -rf .venv .venv-core

$(READY): setup.cfg pyproject.toml constraints.txt
	@echo "Setting up .venv: nearly 3 GB of packages, PyTorch and tools for FPGAs among them; two to five minutes, once, with nothing to read"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet $(TORCH_CPU_OPTION) --constraint constraints.txt \
	  --editable '.[train,tools,fpga,explore,package,registers,tensorboard,notebook,dev]'
	touch $@
