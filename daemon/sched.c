#include "daemon/sched.h"

/* Base first, then the tip, then the steps between in order; deep ones last. */
static int boot_rank(const struct sched_view *v, const struct sched_boot *b)
{
	int rank = b->step == 0 ? 0 : b->step == v->nsteps - 1 ? 1 : b->step + 1;

	return b->deep ? v->nsteps + rank : rank;
}

struct sched_load {
	int guests, cpus;
	bool alone;
	uint64_t memory;
};

static struct sched_load sched_running(const struct sched_view *v)
{
	struct sched_load load = { .memory = v->build_running ? v->build_memory : 0 };

	for (size_t i = 0; i < v->nboots; i++) {
		if (v->boots[i].state != SCHED_RUNNING)
			continue;
		load.guests++;
		load.cpus += v->boots[i].cpus;
		load.memory += v->boots[i].memory;
		load.alone |= v->boots[i].alone;
	}
	return load;
}

/* More guest CPUs than ours starve each other's timers; one guest always fits. */
static bool guest_fits(const struct sched_view *v, const struct sched_load *load,
		       const struct sched_boot *b)
{
	if (load->guests == 0)
		return true;
	return v->guests_max > 0 ? load->guests < v->guests_max :
				   load->cpus + b->cpus <= v->cpus;
}

/* The ready boot of the best rank, among those alone or not; nboots if none. */
static size_t sched_pick(const struct sched_view *v, bool alone)
{
	size_t best = v->nboots;

	for (size_t i = 0; i < v->nboots; i++) {
		const struct sched_boot *b = &v->boots[i];

		if (b->state != SCHED_READY || b->alone != alone)
			continue;
		if (best == v->nboots || boot_rank(v, b) < boot_rank(v, &v->boots[best]))
			best = i;
	}
	return best;
}

/* Something that is not deep could be started, if not now. */
static bool quick_is_left(const struct sched_view *v)
{
	if (v->build_waiting && !v->build_deep)
		return true;
	for (size_t i = 0; i < v->nboots; i++)
		if (v->boots[i].state == SCHED_READY && !v->boots[i].deep)
			return true;
	return false;
}

struct sched_action sched_next(const struct sched_view *v)
{
	struct sched_load load = sched_running(v);
	bool idle = !v->build_running && load.guests == 0;
	bool deep_may = !quick_is_left(v);
	size_t boot;

	if (load.alone)
		return (struct sched_action){ .what = SCHED_WAIT };
	if (v->build_waiting && !v->build_running && (deep_may || !v->build_deep) &&
	    (idle || load.memory + v->build_memory <= v->memory))
		return (struct sched_action){ .what = SCHED_BUILD };
	boot = sched_pick(v, false);
	if (boot < v->nboots && (deep_may || !v->boots[boot].deep) &&
	    guest_fits(v, &load, &v->boots[boot]) &&
	    (idle || load.memory + v->boots[boot].memory <= v->memory))
		return (struct sched_action){ .what = SCHED_BOOT, .boot = boot };
	if (!idle)
		return (struct sched_action){ .what = SCHED_WAIT };
	boot = sched_pick(v, true);
	if (boot < v->nboots)
		return (struct sched_action){ .what = SCHED_BOOT, .boot = boot };
	return (struct sched_action){ .what = SCHED_FINISHED };
}
