#include "cli/cmd.h"

extern const struct cmd cmd_test, cmd_show, cmd_log, cmd_repro, cmd_serve, cmd_tree,
	cmd_example, cmd_quiet, cmd_check_config, cmd_help, cmd_version, cmd_role,
	cmd_daemon, cmd_worker, cmd_submit, cmd_queue, cmd_cancel, cmd_rerun, cmd_pause,
	cmd_resume, cmd_status, cmd_clean, cmd_sweep, cmd_bisect;

const struct cmd *const cmd_list[] = {
	&cmd_test,    &cmd_show,   &cmd_log,    &cmd_repro,        &cmd_serve,
	&cmd_tree,    &cmd_daemon, &cmd_submit, &cmd_queue,        &cmd_status,
	&cmd_cancel,  &cmd_rerun,  &cmd_pause,  &cmd_resume,       &cmd_clean,
	&cmd_example, &cmd_bisect, &cmd_quiet,  &cmd_check_config, &cmd_help,
	&cmd_version, &cmd_role,   &cmd_worker, &cmd_sweep,        NULL,
};
