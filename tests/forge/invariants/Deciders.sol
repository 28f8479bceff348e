// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breach, CaseKind} from "../../../contracts/interfaces/IKillSwitch.sol";
import {PolicyInput} from "../../../contracts/interfaces/IPolicyBook.sol";
import {State} from "../../../contracts/interfaces/IModelStatus.sol";
import {SwitchParameters} from "../../../contracts/oversight/switch/SwitchParameters.sol";
import {Claim, Ghost} from "./Ghost.sol";
import {Panel} from "./Panel.sol";
import {vm} from "../support/Vm.sol";

/// @notice Acts of stewards and of the executive, and of those who would like to be them.
abstract contract Deciders is Panel {
    address internal constant HEIR = address(0x4E12);

    mapping(uint256 model => uint32) private _evaluated;

    /// @notice Time passes: a little, to the next frame's end, or until a suspension or vote is over.
    function pass(uint256 seed) external acts("pass", seed) {
        uint256 how = _roll(20);
        if (how < 11) _elapse(1 + _roll(150));
        else if (how < 16) _elapse(STEP - (block.timestamp - base) % STEP + _roll(DEADLINE));
        else if (how < 19) _elapse(1 + _roll(1200));
        else _elapse(PERIOD + _roll(2500));
        done = true;
    }

    /// @notice The steward registers a version, and the panel reports on its evaluation.
    function newVersion(uint256 seed) external acts("newVersion", seed) {
        uint256 model = models[_roll(models.length)];
        if (!policies.hasPolicy(model)) return;
        vm.prank(registry.stewardOf(model));
        uint32 version = registry.registerVersion(model, _version());
        _deliver(_report(model, version, 0, _chance(80) ? _healthy() : _hit(TRIP)), 3, false);
        _evaluated[model] = version;
    }

    /// @notice The steward activates the newest version; it frees nothing.
    function activate(uint256 seed) external acts("activate", seed) {
        uint256 model = models[_roll(models.length)];
        address who = _chance(80) ? registry.stewardOf(model) : STRANGER;
        (State state, uint48 until) = _standing(model);
        (done,) = _try(who, address(registry), abi.encodeCall(registry.activate, (model, _evaluated[model])));
        _cleared(model, state, until, "an activation freed a model");
        _claim(!done || who != STRANGER, Claim.NoKey, "activated by a stranger");
        _claim(!done || state != State.Retired, Claim.PausedHolds, "a version of a retired model took force");
    }

    /// @notice The steward hands a model on; that frees nothing either.
    function transfer(uint256 seed) external acts("transfer", seed) {
        uint256 model = models[_roll(models.length)];
        address from = registry.stewardOf(model);
        (State state, uint48 until) = _standing(model);
        address to = from == STEWARD ? HEIR : STEWARD;
        (done,) = _try(from, address(registry), abi.encodeCall(registry.transferFrom, (from, to, model)));
        _cleared(model, state, until, "a transfer freed a model");
    }

    /// @notice Governance sets another policy; or a stranger tries to.
    function setPolicy(uint256 seed) external acts("setPolicy", seed) {
        uint256 model = models[_roll(models.length)];
        PolicyInput memory policy = _policy();
        policy.suspension = uint32(2000 + _roll(6000));
        policy.rules[BELOW].naBudget = uint8(_roll(3));
        policy.staleSuspends = _chance(60);
        address who = _chance(50) ? admin : STRANGER;
        (State state, uint48 until) = _standing(model);
        (done,) = _try(who, address(policies), abi.encodeCall(policies.setPolicy, (model, policy)));
        _cleared(model, state, until, "a policy freed a model");
        _claim(!done || who == admin, Claim.NoKey, "a stranger set a policy");
    }

    /// @notice Governance changes the parameters, and allows no more than at first: else the bound would move too.
    function setParameters(uint256 seed) external acts("setParameters", seed) {
        SwitchParameters memory value = _parameters();
        value.budget = uint48(HARD_CAP + _roll(BUDGET - HARD_CAP));
        value.refill = uint32(_roll(REFILL));
        value.hardCap = uint48(HARD_CAP / 2 + _roll(HARD_CAP / 2));
        value.cooldown = uint48(_roll(COOLDOWN));
        value.openWindow = uint48(600 + _roll(1000));
        address who = _chance(50) ? admin : STRANGER;
        (done,) = _try(who, address(killSwitch), abi.encodeCall(killSwitch.setParameters, (value)));
        _claim(!done || who == admin, Claim.NoKey, "a stranger set parameters");
    }

    /// @notice Governance retires a model, now and then, and another takes its place.
    function retire(uint256 seed) external acts("retire", seed) {
        uint256 place = _roll(models.length);
        address who = _chance(10) ? admin : STRANGER;
        (done,) = _try(who, address(killSwitch), abi.encodeCall(killSwitch.retire, (models[place])));
        _claim(!done || who == admin, Claim.NoKey, "a stranger retired a model");
    }

    /// @notice Governance takes a model up in the place of a retired one.
    function adopt(uint256 seed) external acts("adopt", seed) {
        uint256 place;
        while (place < models.length && killSwitch.statusOf(models[place]).state != State.Retired) ++place;
        if (place == models.length) return;
        vm.prank(STEWARD);
        models[place] = registry.registerModel("another");
        vm.prank(admin);
        policies.setPolicy(models[place], _policy());
        _seen[models[place]] = killSwitch.statusOf(models[place]);
        done = true;
    }

    /// @notice Whoever holds no role calls what only a role may.
    function intrude(uint256 seed) external acts("intrude", seed) {
        uint256 model = models[_roll(models.length)];
        Breach memory breach;
        (breach.modelId, breach.version, breach.suspension) = (model, 1, 1000);
        bytes[] memory attempts = new bytes[](11);
        uint64 epoch = killSwitch.statusOf(model).epoch;
        attempts[0] = abi.encodeCall(killSwitch.trip, (breach));
        attempts[1] = abi.encodeCall(killSwitch.openBreachCase, (breach));
        attempts[2] = abi.encodeCall(killSwitch.pause, (model, killSwitch.caseCount(), epoch));
        attempts[3] = abi.encodeCall(killSwitch.resume, (model, registry.activeVersion(model), epoch));
        attempts[4] = abi.encodeCall(killSwitch.openHolderCase, (model, CaseKind.HolderResume, 1, keccak256("x")));
        attempts[5] = abi.encodeCall(killSwitch.markVote, (killSwitch.caseCount(), 1));
        attempts[6] = abi.encodeCall(killSwitch.setVoteSpan, (1));
        attempts[8] = abi.encodeCall(killSwitch.guardianSuspend, (model, keccak256("x")));
        attempts[9] = abi.encodeCall(killSwitch.guardianHalt, ());
        attempts[10] = abi.encodeCall(killSwitch.setHub, (hub));
        attempts[7] = abi.encodeCall(killSwitch.retire, (model));
        (bool ok,) = _try(_intruder(), address(killSwitch), attempts[_roll(attempts.length)]);
        (bool admitted,) = _try(
            _intruder(), address(monitorRegistry), abi.encodeCall(monitorRegistry.admit, (STRANGER, "me", ""))
        );
        _claim(!ok && !admitted, Claim.NoKey, "an intruder got in");
        done = !ok;
    }

    function _intruder() internal returns (address) {
        address[9] memory all = [
            STRANGER, STEWARD, HEIR, monitors[0], monitors[2], holders[0], holders[4], address(registry), address(token)
        ];
        return all[_roll(9)];
    }

    function _standing(uint256 model) internal view returns (State, uint48) {
        return (killSwitch.statusOf(model).state, killSwitch.statusOf(model).until);
    }

    function _cleared(uint256 model, State state, uint48 until, string memory how) internal {
        (State now_, uint48 then) = _standing(model);
        // On a boundary to the second, a model's first version takes force at once: that frees nothing.
        bool begun = state == State.Inactive && now_ == State.Active;
        _claim((now_ == state || begun) && then == until, Claim.NothingClears, how);
    }
}
