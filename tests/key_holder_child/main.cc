#include "keyholder/keyholder.h"

int main() { return kronborg::keyholder::run_key_holder(3); }
