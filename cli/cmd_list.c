#include "cli/cmd.h"

extern const struct cmd cmd_check_config, cmd_help, cmd_version, cmd_role;

const struct cmd *const cmd_list[] = {
	&cmd_check_config, &cmd_help, &cmd_version, &cmd_role, NULL,
};
